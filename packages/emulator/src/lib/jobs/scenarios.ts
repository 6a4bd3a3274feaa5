import { isDeepStrictEqual } from 'node:util'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, oneOf } from '../http/fields.ts'
import { toJson } from '../http/json.ts'
import { JOB_KINDS } from '../shared/job-kind.ts'
import type { Scenario, ScenarioMatch, ScenarioOutcome } from '../shared/scenario.ts'
import type { Records, StoredRecord } from '../storage/records.ts'
import type { AnyJob } from './job.ts'
import { outcomeOf, readOutcome } from './outcomes.ts'

/** A scenario that was added while the emulator ran; its `times` are those that are left. */
interface StoredScenario extends Scenario, StoredRecord {}

/** The scenarios of an emulator. */
export interface Scenarios {
  /** Finds the scenario for a new job and uses it once. The one added last comes first. */
  take(job: Pick<AnyJob, 'kind' | 'model' | 'config'>): ScenarioOutcome | undefined
  /** Adds a scenario; returns its id. */
  add(scenario: Scenario): string
  remove(id: string): boolean
  list(): readonly (Scenario & { readonly id: string })[]
}

/** Keeps added scenarios in `records`; `initial` ones come after them, in their order. */
export function createScenarios(
  initial: readonly Scenario[],
  records: Records<StoredScenario>,
  newId: () => string,
): Scenarios {
  const fixed = new Map(initial.map((scenario, index) => [`option-${index}`, scenario]))
  const list = () => [
    ...[...records.values()].reverse(),
    ...[...fixed].map(([id, scenario]) => ({ ...scenario, id })),
  ]

  /** Counts one use; after the last one the scenario is gone. */
  function use({ id, ...scenario }: StoredScenario): void {
    if (scenario.times === undefined) return
    const left = { ...scenario, times: scenario.times - 1 }
    if (fixed.has(id)) fixed.set(id, left)
    else records.put({ ...left, id })
    if (left.times > 0) return
    fixed.delete(id)
    records.delete(id)
  }

  return {
    list,
    take(job) {
      const found = list().find(
        ({ when, then }) =>
          // Without a `kind` it is for the jobs that can end this way.
          outcomeOf(job.kind, then.outcome ?? 'succeeded') !== undefined && matches(when, job),
      )
      if (found !== undefined) use(found)
      return found?.then
    },
    add: (scenario) => records.put({ ...scenario, id: newId() }).id,
    remove: (id) => records.delete(id),
  }
}

function matches(when: ScenarioMatch = {}, job: Pick<AnyJob, 'kind' | 'model' | 'config'>): boolean {
  const { kind, model, metadata = {} } = when
  return (
    (kind === undefined || kind === job.kind) &&
    (model === undefined || isModel(model, job.model ?? '')) &&
    Object.entries(metadata).every(([name, value]) =>
      isDeepStrictEqual(job.config.userMetadata?.[name], value),
    )
  )
}

function isModel(pattern: string, model: string): boolean {
  const [wanted, name] = [pattern, model].map((text) => text.replace(/^models\//, '')) as [string, string]
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted
}

/** Reads a scenario from JSON or from code. */
export function readScenario(value: unknown): Scenario {
  const fields = object('scenario', toJson('The scenario', value))
  checkKnown(fields, ['when', 'then', 'times'])
  const when = fields.when === undefined ? undefined : readMatch(object('when', fields.when))
  const { afterMs, ...outcome } = object('then', fields.then)
  return {
    ...(when && { when }),
    then: {
      ...(afterMs !== undefined && { afterMs: count('then.afterMs', afterMs) }),
      ...readOutcome(outcome, when?.kind),
    },
    ...(fields.times !== undefined && { times: atLeastOnce(fields.times) }),
  }
}

function readMatch(fields: Fields): ScenarioMatch {
  checkKnown(fields, ['kind', 'model', 'metadata'])
  const { kind, model, metadata } = fields
  if (model !== undefined && typeof model !== 'string') {
    throw new RequestFault('invalid_request', "'when.model' must be a string.")
  }
  return {
    ...(kind !== undefined && { kind: oneOf('when.kind', kind, JOB_KINDS) }),
    ...(model !== undefined && { model }),
    ...(metadata !== undefined && { metadata: object('when.metadata', metadata) }),
  }
}

function object(name: string, value: unknown): Fields {
  if (isFields(value)) return value
  throw new RequestFault('invalid_request', `'${name}' must be an object.`)
}

function count(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new RequestFault('invalid_request', `'${name}' must be a whole number of at least 0.`)
}

function atLeastOnce(value: unknown): number {
  const times = count('times', value)
  if (times > 0) return times
  throw new RequestFault('invalid_request', "'times' must be at least 1.")
}
