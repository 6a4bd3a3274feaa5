import { useState } from 'preact/hooks'
import type { QueueCounts, QueueEntry, QueuePage } from '../../src/lib/protocol/queue.ts'
import { isEmulator, queue } from '../api/client.ts'
import { formatDuration } from '../text/format.ts'
import { Danger, Empty, Failure, Field } from '../ui/parts.tsx'
import { useData } from '../ui/use-data.ts'
import { QueueRow } from './queue-row.tsx'

const STATES = ['dead', 'retrying', 'running', 'pending', 'done'] as const

/** A queue: how much is in it, what is dead and why, and what can be done about it. */
export function Queue() {
  const [state, setState] = useState<(typeof STATES)[number]>('dead')
  const { value: counts, error } = useData<QueueCounts>(() => queue('/counts'), [])
  return (
    <>
      <h1>Queue</h1>
      <Failure error={error} />
      {counts && (
        <>
          <fieldset class="counts" aria-label="Deliveries by state">
            {STATES.map((name) => (
              <button key={name} type="button" aria-pressed={name === state} onClick={() => setState(name)}>
                <b>{counts[name]}</b> {name}
              </button>
            ))}
          </fieldset>
          {counts.oldestPendingMs > 0 && (
            <p>The oldest waiting delivery has waited for {formatDuration(counts.oldestPendingMs)}.</p>
          )}
          <Entries key={state} state={state} />
          {state === 'dead' && counts.dead > 0 && <DeadActions count={counts.dead} />}
        </>
      )}
    </>
  )
}

function Entries({ state }: { state: (typeof STATES)[number] }) {
  // The keys that pages began after; the last one is shown.
  const [pages, setPages] = useState<readonly string[]>([])
  const after = pages.at(-1)
  const query = new URLSearchParams({ state, ...(after !== undefined && { after }) })
  const { value, error } = useData<QueuePage>(() => queue(`/deliveries?${query}`), [String(query)])
  return (
    <>
      <Failure error={error} />
      {value?.entries.length === 0 && pages.length === 0 && <Nothing state={state} />}
      <ul class="plain entries">
        {value?.entries.map((entry: QueueEntry) => (
          <QueueRow key={entry.key} entry={entry} />
        ))}
      </ul>
      <div class="actions">
        {pages.length > 0 && (
          <button type="button" onClick={() => setPages(pages.slice(0, -1))}>
            Newer
          </button>
        )}
        {value?.next !== undefined && (
          <button type="button" onClick={() => setPages([...pages, value.next!])}>
            Older
          </button>
        )}
      </div>
    </>
  )
}

function Nothing({ state }: { state: string }) {
  if (state === 'dead') return <Empty>No dead letters: nothing was given up.</Empty>
  const command = isEmulator ? { command: 'gwh trigger batch.succeeded' } : {}
  return <Empty {...command}>No delivery is {state === 'done' ? 'kept as done' : state}.</Empty>
}

const DAY_MS = 24 * 60 * 60 * 1000

function DeadActions({ count }: { count: number }) {
  const [days, setDays] = useState('7')
  const redriveAll = async () => {
    const { count: redriven } = await queue<{ count: number }>('/redrive', { target: 'all' })
    return `${redriven} redriven.`
  }
  const purge = async () => {
    const olderThan = Date.now() - Number(days) * DAY_MS
    const { count: purged } = await queue<{ count: number }>('/purge', { olderThan })
    return `${purged} deleted.`
  }
  return (
    <section class="card" aria-label="All dead letters">
      <div class="actions">
        <Danger run={redriveAll} question={`Redrive all ${count}?`}>
          Redrive all
        </Danger>
      </div>
      <div class="filters">
        <Field label="Dead for more than (days)" type="number" value={days} onInput={setDays} />
        <Danger run={purge} question="Delete them for good?">
          Purge
        </Danger>
      </div>
    </section>
  )
}
