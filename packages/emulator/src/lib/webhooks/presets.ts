import { CATALOGUE_TYPES } from '../events/event-types.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, isFields, oneOf, optionalText, targetUri } from '../http/fields.ts'
import { readSecret } from '../signing/secrets.ts'

/** A webhook of the options, checked. */
export interface Preset {
  /** Of a webhook that may be there already. */
  readonly id: string | undefined
  readonly uri: string
  readonly name: string | undefined
  readonly subscribedEvents: readonly string[]
  /** Absent for a random one. */
  readonly secret: string | undefined
}

/** Reads the webhooks of the options; throws a `RequestFault` at one that the API would refuse. */
export function readPresets(presets: readonly unknown[]): Preset[] {
  return presets.map((preset) => {
    if (!isFields(preset)) throw new RequestFault('invalid_request', "'webhooks' must list objects.")
    checkKnown(preset, ['id', 'uri', 'secret', 'events', 'name'])
    const { id, uri, name, events, secret } = preset
    return {
      id: optionalText('id', id),
      uri: targetUri('uri', uri),
      name: optionalText('name', name),
      subscribedEvents: readEvents(events),
      secret: secret === undefined ? undefined : readSecret(secret),
    }
  })
}

function readEvents(events: unknown = CATALOGUE_TYPES): readonly string[] {
  if (Array.isArray(events) && events.length > 0) {
    return events.map((type, index) => oneOf<string>(`events[${index}]`, type, CATALOGUE_TYPES))
  }
  throw new RequestFault('invalid_request', "'events' must list at least one event type.")
}
