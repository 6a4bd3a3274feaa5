import type { FaultRule } from '@gwh/emulator'
import { CliError } from '../shared/cli-error.ts'

type Fault = Extract<FaultRule['fault'], object>
type FaultType = Exclude<Fault['type'], 'api_error'>

/** The faults of a delivery or of the public keys, each with the parameter that `name=value` sets. */
const PARAMETERS: Readonly<Record<FaultType, string | undefined>> = {
  duplicate: 'copies',
  delay: 'ms',
  reorder: 'withinMs',
  drop: undefined,
  wrong_signature: undefined,
  unknown_key: undefined,
  stale_timestamp: 'seconds',
  tampered_body: undefined,
  reserialized_body: undefined,
  truncated_body: undefined,
  slow_sender: 'ms',
  cut_before_answer: undefined,
  cut_after_answer: undefined,
  jwks_down: 'status',
  jwks_slow: 'ms',
  jwks_rotated: undefined,
  jwks_garbage: undefined,
}

/** The names of the faults that `gwh trigger` injects. */
export const FAULT_NAMES = Object.keys(PARAMETERS) as readonly FaultType[]

/**
 * Makes the rule for one event: `name`, or `name=value`, for as many first attempts as there are receivers.
 *
 * @throws CliError for a name that is none, or a value where there is no parameter
 */
export function toFaultRule(text: string, type: string, receivers: number): object {
  const [, name = '', value] = /^([^=]*)(?:=(.*))?$/.exec(text) ?? []
  if (!(name in PARAMETERS)) {
    throw new CliError('usage', `there is no fault "${name}"`, { hint: `Faults: ${FAULT_NAMES.join(', ')}.` })
  }
  const parameter = PARAMETERS[name as FaultType]
  if (value !== undefined && (parameter === undefined || !/^\d+$/.test(value))) {
    throw new CliError(
      'usage',
      parameter ? `${name} takes a number (${parameter})` : `${name} takes no value`,
    )
  }
  const fault = { type: name, ...(value !== undefined && { [parameter!]: Number(value) }) }
  // A fault of the keys is one of the next request for them.
  if (name.startsWith('jwks_')) return { fault, times: 1 }
  return { fault, match: { eventType: type }, times: receivers }
}
