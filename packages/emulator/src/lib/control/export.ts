import { RequestFault } from '../http/faults.ts'
import { isFields } from '../http/fields.ts'
import { LAST_TIME_MS } from '../shared/clock.ts'
import type { EmulatorSnapshot } from '../shared/types.ts'
import { type EmulatorState, resume } from '../state/state.ts'
import type { StoredRecord } from '../storage/records.ts'

const FORMAT = 'gwh-emulator-1'

/** Copies everything the emulator keeps but the bytes of files. */
export function exportState({ storage, clock }: EmulatorState): EmulatorSnapshot {
  return { format: FORMAT, now: clock.now(), records: structuredClone(storage.dump()) }
}

/** Replaces everything the emulator keeps, and goes on at the time of the export. */
export function importState(state: EmulatorState, value: unknown): void {
  const { format, now, records } = isFields(value) ? value : {}
  const isExport = format === FORMAT && isTime(now) && isFields(records)
  if (!isExport || !Object.values(records).every(isRecords)) {
    throw new RequestFault('invalid_request', `An export of this emulator's format (${FORMAT}) is needed.`)
  }
  state.storage.restore(structuredClone(records) as Record<string, StoredRecord[]>)
  state.clock.show(now)
  resume(state)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_TIME_MS
}

function isRecords(value: unknown): value is StoredRecord[] {
  return Array.isArray(value) && value.every((item) => isFields(item) && typeof item.id === 'string')
}
