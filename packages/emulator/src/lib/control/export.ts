import { z } from 'zod'
import { RequestFault } from '../http/faults.ts'
import { toJson } from '../http/json.ts'
import { checkLimit } from '../http/limits.ts'
import { LAST_TIME_MS } from '../shared/clock.ts'
import { EmulatorError } from '../shared/errors.ts'
import type { EmulatorSnapshot } from '../shared/types.ts'
import { findProblem } from '../state/record-schemas.ts'
import { type EmulatorState, resume } from '../state/state.ts'
import type { StoredRecord } from '../storage/records.ts'

const FORMAT = 'gwh-emulator-1'

// What a request may bring in, and the record around it.
const MAX_DEPTH = 250

const DOCUMENT = z.strictObject({
  format: z.literal(FORMAT),
  now: z.number().min(0).max(LAST_TIME_MS),
  records: z.record(z.string(), z.array(z.unknown())),
})

/** Copies everything the emulator keeps but the bytes of files. */
export function exportState({ storage, clock }: EmulatorState): EmulatorSnapshot {
  return { format: FORMAT, now: clock.now(), records: structuredClone(storage.dump()) }
}

/**
 * Replaces everything the emulator keeps, in one change, and goes on at the time of the export. What was under way is
 * cut: attempts, jobs, and advances of the clock.
 *
 * @throws RequestFault that names what is wrong, or the limit that the import goes beyond; nothing has changed then
 */
export function importState(state: EmulatorState, value: unknown): void {
  const { now, records } = readSnapshot(value)
  const { storage, clock, files, settings } = state
  checkLimit(settings.limits, 'deliveries', records.delivery?.length ?? 0)
  checkLimit(settings.limits, 'jobs', records.job?.length ?? 0)
  checkLimit(settings.limits, 'files', records.file?.length ?? 0)
  const before = files.all()
  storage.atomically(() => {
    storage.restore({ ...records, clock: [{ id: 'clock', ...clock.positionAt(now) }] })
    storage.afterCommit(() =>
      clock.restart(now, new EmulatorError('state_replaced', 'an import replaced the state of the emulator')),
    )
    resume(state, now)
  })
  files.dropBytes(before.map(({ id }) => id))
}

function readSnapshot(value: unknown): { now: number; records: Record<string, StoredRecord[]> } {
  const { success, data, error } = DOCUMENT.safeParse(toJson('The export', value, MAX_DEPTH))
  if (!success) {
    const { path, message } = error.issues[0]!
    throw refused(path.join('.'), message)
  }
  for (const [kind, items] of Object.entries(data.records)) {
    const problem = findProblem(kind, items)
    if (problem === undefined) continue
    const { index, path, message } = problem
    const place = `records.${kind}${index === undefined ? '' : `[${index}]`}`
    throw refused(path === '' || path.startsWith('[') ? `${place}${path}` : `${place}.${path}`, message)
  }
  return data as { now: number; records: Record<string, StoredRecord[]> }
}

function refused(path: string, message: string): RequestFault {
  const place = path === '' ? '' : ` at '${path}'`
  return new RequestFault(
    'invalid_request',
    `This is no export of this emulator's format (${FORMAT})${place}: ${message}.`,
  )
}
