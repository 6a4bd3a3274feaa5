import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { showUnseen } from '../text/format.ts'
import type { Tone } from '../text/reasons.ts'
import { act, copy } from './notices.tsx'

/** A word with a colour. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

/** A button for an action, which is disabled while it runs. */
export function Action(props: {
  readonly run: () => Promise<string | undefined>
  readonly children: ComponentChildren
  readonly kind?: 'primary' | 'danger'
  readonly disabled?: boolean
  readonly label?: string
}) {
  const [isRunning, setRunning] = useState(false)
  const click = async () => {
    setRunning(true)
    await act(props.run)
    setRunning(false)
  }
  return (
    <button
      type="button"
      class={props.kind ?? ''}
      disabled={isRunning || props.disabled}
      aria-label={props.label}
      onClick={click}
    >
      {props.children}
    </button>
  )
}

/** An action that cannot be undone: it asks once more. The focus follows, and begins at the harmless answer. */
export function Danger(props: {
  readonly run: () => Promise<string | undefined>
  readonly children: ComponentChildren
  readonly question: string
}) {
  const [isAsked, setAsked] = useState(false)
  const first = useRef<HTMLButtonElement>(null)
  const wasAsked = useRef(false)
  useEffect(() => {
    if (isAsked !== wasAsked.current) first.current?.focus()
    wasAsked.current = isAsked
  }, [isAsked])
  if (!isAsked) {
    return (
      <button type="button" ref={first} onClick={() => setAsked(true)}>
        {props.children}
      </button>
    )
  }
  const run = async () => {
    const done = await props.run()
    setAsked(false)
    return done
  }
  return (
    <fieldset class="ask" aria-label={props.question}>
      {props.question}{' '}
      <Action run={run} kind="danger">
        Yes
      </Action>
      <button type="button" ref={first} onClick={() => setAsked(false)}>
        No
      </button>
    </fieldset>
  )
}

/** A text that was received from elsewhere: invisible characters are spelled out, and its direction stays its own. */
export function Text({ children }: { children: string | undefined }) {
  return <bdi>{showUnseen(children ?? '')}</bdi>
}

/** A block of text in a fixed width, which can be scrolled by keyboard and copied. */
export function Block({ text, label, noCopy }: { text: string; label: string; noCopy?: boolean }) {
  return (
    <div class="block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section tabIndex={0} aria-label={label}>
        <pre dir="ltr">{showUnseen(text)}</pre>
      </section>
      {!noCopy && (
        <button type="button" class="quiet" aria-label={`Copy ${label}`} onClick={() => copy(text, label)}>
          Copy
        </button>
      )}
    </div>
  )
}

/** What a screen shows while there is nothing: how to make something. */
export function Empty({ children, command }: { children: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {command && <Block text={command} label="the command" />}
    </div>
  )
}

/** A table that becomes a list of cards on a narrow screen. */
export function Table({ heads, children }: { heads: readonly string[]; children: ComponentChildren }) {
  return (
    <table class="cards">
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  )
}

/** A labelled input; with `rows` one of several lines. */
export function Field(props: {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly type?: 'text' | 'search' | 'url' | 'number'
  readonly placeholder?: string
  readonly hint?: string
  readonly rows?: number
}) {
  const { label, hint, rows, value, type = 'text', placeholder = '' } = props
  const id = useId()
  const shared = {
    id,
    value,
    placeholder,
    spellcheck: false,
    onInput: (event: { currentTarget: { value: string } }) => props.onInput(event.currentTarget.value),
    ...(hint && { 'aria-describedby': `${id}-hint` }),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? (
        // The types of input differ in what else they take; these take the same.
        <input {...shared} {...({ type } as { type: 'text' })} autocomplete="off" />
      ) : (
        <textarea {...shared} rows={rows} />
      )}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  )
}

/** A labelled choice; the options are values, or values with words. */
export function Choice(props: {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly options: readonly string[] | Readonly<Record<string, string>>
  readonly none?: string
}) {
  const { label, value, onInput, options, none } = props
  const id = useId()
  const entries = Array.isArray(options)
    ? options.map((option: string) => [option, option] as const)
    : Object.entries(options)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {entries.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </div>
  )
}

/** What went wrong while reading. */
export function Failure({ error }: { error: string | undefined }) {
  return error === undefined ? null : (
    <p class="notice bad" role="alert">
      {error}
    </p>
  )
}
