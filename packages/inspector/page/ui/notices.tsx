import { useEffect, useState } from 'preact/hooks'
import { changed } from '../api/signals.ts'

interface Notice {
  readonly text: string
  readonly isError: boolean
}

let show: (notice: Notice) => void = () => {}

const SHOWN_MS = 6000

/** The line that says what came of an action; screen readers read it out. */
export function Notices() {
  const [notice, setNotice] = useState<Notice>()
  show = setNotice
  useEffect(() => {
    if (notice === undefined || notice.isError) return
    const timer = setTimeout(() => setNotice(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  useEffect(() => {
    // It belongs to the screen it was said on; an action that leads to another one says it after going there.
    const hide = () => setNotice(undefined)
    addEventListener('hashchange', hide)
    return () => removeEventListener('hashchange', hide)
  }, [])
  return (
    <div class="notices" role="status" aria-live="polite">
      {notice && (
        <p class={notice.isError ? 'notice bad' : 'notice'}>
          {notice.text}{' '}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => setNotice(undefined)}>
            ✕
          </button>
        </p>
      )}
    </div>
  )
}

/** Says something. */
export function say(text: string): void {
  show({ text, isError: false })
}

/** Carries out an action, says what came of it, and reads everything anew. Resolves to whether it went well. */
export async function act(work: () => Promise<string | undefined>): Promise<boolean> {
  try {
    const text = await work()
    if (text !== undefined) say(text)
    return true
  } catch (error) {
    show({ text: error instanceof Error ? error.message : String(error), isError: true })
    return false
  } finally {
    changed()
  }
}

/** Copies a text and says so. */
export function copy(text: string, what: string): Promise<boolean> {
  return act(async () => {
    await navigator.clipboard.writeText(text)
    return `${what} copied.`
  })
}
