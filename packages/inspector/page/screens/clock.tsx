import { useState } from 'preact/hooks'
import { control } from '../api/client.ts'
import type { Clock } from '../api/types.ts'
import { formatDuration } from '../text/format.ts'
import { Action, Field } from '../ui/parts.tsx'
import { useClock } from '../ui/use-clock.ts'
import { Faults } from './faults.tsx'

const MINUTE_MS = 60_000
const STEPS = { '1 min': MINUTE_MS, '1 h': 60 * MINUTE_MS, '24 h': 24 * 60 * MINUTE_MS }

/** The emulator's clock, its keys, and the faults it injects. */
export function ClockScreen() {
  const clock = useClock()
  const [minutes, setMinutes] = useState('10')
  return (
    <>
      <h1>Clock and faults</h1>
      <section class="card" aria-labelledby="clock">
        <h2 id="clock">Clock</h2>
        {clock && (
          <p>
            <b data-clock={clock.now}>{new Date(clock.now).toUTCString()}</b>
            {clock.paused && ' (paused)'}
            <Ahead clock={clock} />
          </p>
        )}
        <p>
          Everything that becomes due meanwhile happens at once, in order: retries, ends of jobs, ends of
          secrets.
        </p>
        <div class="actions">
          {Object.entries(STEPS).map(([label, ms]) => (
            <Action key={label} run={() => advance(ms)}>
              Advance {label}
            </Action>
          ))}
          {clock && (
            <Action run={() => setPaused(!clock.paused)}>{clock.paused ? 'Let it run' : 'Pause'}</Action>
          )}
        </div>
        <div class="filters">
          <Field label="Minutes" type="number" value={minutes} onInput={setMinutes} />
          <Action run={() => advance(Number(minutes) * MINUTE_MS)}>Advance</Action>
        </div>
      </section>
      <section class="card" aria-labelledby="keys">
        <h2 id="keys">Keys of dynamic webhooks</h2>
        <p>The next key has been in the JWKS all along; a receiver should not notice.</p>
        <div class="actions">
          <Action run={rotateKeys}>Rotate keys</Action>
        </div>
      </section>
      <Faults />
    </>
  )
}

function Ahead({ clock }: { clock: Clock }) {
  const ahead = clock.now - Date.now()
  if (Math.abs(ahead) < MINUTE_MS) return null
  return (
    <small>
      {' '}
      {formatDuration(Math.abs(ahead))} {ahead > 0 ? 'ahead of' : 'behind'} this machine
    </small>
  )
}

async function advance(ms: number): Promise<string> {
  await control('/clock/advance', { ms })
  return `The clock moved by ${formatDuration(ms)}.`
}

async function setPaused(paused: boolean): Promise<string> {
  await control(paused ? '/clock/pause' : '/clock/resume', {})
  return paused ? 'The clock is paused.' : 'The clock runs.'
}

async function rotateKeys(): Promise<string> {
  await control('/keys/rotate', {})
  return 'The next key signs.'
}
