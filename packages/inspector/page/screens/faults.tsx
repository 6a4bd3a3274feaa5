import { useState } from 'preact/hooks'
import { control } from '../api/client.ts'
import type { FaultRule } from '../api/types.ts'
import { DELIVERY_FAULTS, OTHER_FAULTS, toFault } from '../text/event-forms.ts'
import { Action, Choice, Failure, Field, Text } from '../ui/parts.tsx'
import { useData } from '../ui/use-data.ts'

const ALL = { ...DELIVERY_FAULTS, ...OTHER_FAULTS }

/** The faults that are injected, and a form for another one. */
export function Faults() {
  const { value, error } = useData<{ faults: FaultRule[] }>(() => control('/faults'), [])
  return (
    <section class="card" aria-labelledby="faults">
      <h2 id="faults">Faults</h2>
      <Failure error={error} />
      {value?.faults.length === 0 && <p>None is injected.</p>}
      {value && value.faults.length > 0 && (
        <ul class="plain" aria-label="Injected faults">
          {value.faults.map((rule) => (
            <li key={rule.id} class="row">
              <span>
                <b>{ALL[rule.fault.type] ?? rule.fault.type}</b> <Text>{describe(rule)}</Text>
              </span>
              <Action run={() => remove(rule)} label={`Remove ${ALL[rule.fault.type] ?? rule.fault.type}`}>
                Remove
              </Action>
            </li>
          ))}
        </ul>
      )}
      <AddFault />
    </section>
  )
}

function AddFault() {
  const [type, setType] = useState('wrong_signature')
  const [times, setTimes] = useState('1')
  const [eventType, setEventType] = useState('')
  const [percent, setPercent] = useState('100')
  const isDelivery = type in DELIVERY_FAULTS || type === 'delay'
  const add = async () => {
    const match = {
      ...(isDelivery && eventType !== '' && { eventType }),
      ...(percent !== '100' && { share: Number(percent) / 100 }),
    }
    await control('/faults', { fault: toFault(type), match, ...(times !== '' && { times: Number(times) }) })
    return 'The fault is injected from now on.'
  }
  return (
    <div class="filters">
      <Choice label="Fault" value={type} onInput={setType} options={ALL} />
      {isDelivery && (
        <Field label="Events" value={eventType} onInput={setEventType} placeholder="all, or batch.*" />
      )}
      <Field label="Times" type="number" value={times} onInput={setTimes} placeholder="until removed" />
      <Field label="Percent" type="number" value={percent} onInput={setPercent} />
      <Action kind="primary" run={add}>
        Add
      </Action>
    </div>
  )
}

async function remove({ id }: FaultRule): Promise<string> {
  await control(`/faults/${id}`, undefined, 'DELETE')
  return 'The fault is removed.'
}

function describe({ match, times, used }: FaultRule): string {
  const of = Object.entries(match).map(([name, value]) => `${name} ${String(value)}`)
  const uses = times === undefined ? `used ${used} times, until removed` : `used ${used} of ${times} times`
  return [...of, uses].join(', ')
}
