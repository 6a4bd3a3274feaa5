import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'

/** Panels of which one is shown. Arrow keys move between the tabs (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/). */
export function Tabs({ label, tabs }: { label: string; tabs: Readonly<Record<string, () => JSX.Element>> }) {
  const names = Object.keys(tabs)
  const [chosen, setChosen] = useState(names[0]!)
  const id = useId()
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length]!
    setChosen(next)
    document.getElementById(`${id}-${next}`)?.focus()
  }
  return (
    <div>
      <div role="tablist" aria-label={label} class="tabs">
        {names.map((name) => (
          <button
            key={name}
            id={`${id}-${name}`}
            type="button"
            role="tab"
            aria-selected={name === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => setChosen(name)}
            onKeyDown={move}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {tabs[chosen]!()}
      </div>
    </div>
  )
}
