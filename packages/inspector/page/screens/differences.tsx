import { useState } from 'preact/hooks'
import { type DiffField, type DiffLine, diffLines, pairFields } from '../text/diff.ts'
import { formatDuration, formatTime, showUnseen, toPrettyJson } from '../text/format.ts'
import { outcomeOf } from '../text/reasons.ts'
import { Text } from '../ui/parts.tsx'
import type { Side } from './compare.tsx'

/** What differs between two attempts: the facts, the headers, the answers and the bodies. */
export function Differences({ left, right }: { left: Side; right: Side }) {
  const [showsEqual, setShowsEqual] = useState(false)
  const headersOf = ({ attempt }: Side) => attempt?.headers ?? {}
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={showsEqual} onChange={() => setShowsEqual(!showsEqual)} /> Show what
        is equal, too
      </label>
      <Fields title="Attempts" fields={pairFields(factsOf(left), factsOf(right))} showsEqual={showsEqual} />
      <Fields
        title="Request headers"
        fields={pairFields(headersOf(left), headersOf(right))}
        showsEqual={showsEqual}
      />
      <Lines title="Bodies" left={left.body} right={right.body} />
      <Lines title="Answers" left={left.attempt?.answer ?? ''} right={right.attempt?.answer ?? ''} />
    </>
  )
}

function factsOf({ delivery, attempt }: Side): Readonly<Record<string, string | undefined>> {
  const { eventType, webhookId, scheme, jobId } = delivery
  return {
    Event: eventType,
    'webhook-id': webhookId,
    Job: jobId,
    Scheme: scheme,
    To: attempt?.uri ?? delivery.uri,
    Started: attempt && formatTime(attempt.startedAt),
    Took: attempt?.durationMs === undefined ? undefined : formatDuration(attempt.durationMs),
    Outcome: attempt && outcomeOf(attempt),
    Faults: attempt?.faults?.join(', ').replaceAll('_', ' '),
  }
}

function Fields(props: {
  readonly title: string
  readonly fields: readonly DiffField[]
  readonly showsEqual: boolean
}) {
  const { title, fields, showsEqual } = props
  const differs = ({ left, right }: DiffField) => left !== right
  const shown = showsEqual ? fields : fields.filter(differs)
  return (
    <section>
      <h2>{title}</h2>
      {shown.length === 0 && <p>No difference.</p>}
      {shown.length > 0 && (
        <table class="compare">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((field) => (
              <tr key={field.name} class={differs(field) ? 'differs' : ''}>
                <th scope="row">
                  {differs(field) ? '≠ ' : '= '}
                  <Text>{field.name}</Text>
                </th>
                <Value side="A" value={field.left} />
                <Value side="B" value={field.right} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Value({ side, value }: { side: string; value: string | undefined }) {
  return (
    <td class="mono" data-side={side}>
      {value === undefined ? <small>none</small> : <Text>{value}</Text>}
    </td>
  )
}

/** Two texts line by line; JSON is indented first. */
function Lines({ title, left, right }: { title: string; left: string; right: string }) {
  const lines = left === right ? [] : diffLines(toPrettyJson(left), toPrettyJson(right))
  return (
    <section>
      <h2>{title}</h2>
      {lines === undefined && <p>They differ, and are too long to compare line by line.</p>}
      {left === right && <p>No difference.</p>}
      {lines && left !== right && !lines.some(({ kind }) => kind === 'left' || kind === 'right') && (
        <p>
          The same JSON in other bytes: {byteCount(left)} and {byteCount(right)} bytes.
        </p>
      )}
      {lines && lines.length > 1 && <LineList title={title} lines={lines} />}
    </section>
  )
}

const byteCount = (text: string) => new TextEncoder().encode(text).length

const MARKS = { same: '  ', left: 'A ', right: 'B ', folded: '' }

function LineList({ title, lines }: { title: string; lines: readonly DiffLine[] }) {
  return (
    <div class="block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section tabIndex={0} aria-label={`${title}, line by line`}>
        <pre class="diff" dir="ltr">
          {lines.map(({ kind, text }, index) => {
            const line = kind === 'folded' ? `… ${text} equal lines\n` : `${MARKS[kind]}${showUnseen(text)}\n`
            const Tag = ({ left: 'del', right: 'ins' } as const)[kind as string] ?? 'span'
            return <Tag key={`${index}`}>{line}</Tag>
          })}
        </pre>
      </section>
    </div>
  )
}
