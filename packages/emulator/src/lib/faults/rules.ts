import type {
  ActiveFault,
  ApiFault,
  DeliveryFault,
  Fault,
  FaultMatch,
  Faults,
  JwksFault,
} from '../shared/fault-types.ts'
import { randomText } from '../shared/ids.ts'
import type { Scheme } from '../shared/scheme.ts'
import { type About, aboutOf, readRule } from './rule-schema.ts'

/** What is known of an attempt that a rule may fit. */
export interface FaultyAttempt {
  readonly uri: string
  /** The webhook's id; absent for a job's own URI. */
  readonly registrationId?: string | undefined
  readonly eventType: string
  readonly scheme: Scheme
  readonly jobId?: string | undefined
}

/** A fault that applies, to be counted with {@link FaultRules.use} once it does. */
export interface Applied<Kind extends Fault> {
  readonly ruleId: string
  readonly fault: Kind
}

/** The rules of an emulator. */
export interface FaultRules extends Omit<Faults, 'add'> {
  /** Adds a rule from JSON or from code; throws a `RequestFault` when it is not one. */
  add(rule: unknown): ActiveFault
  forAttempt(attempt: FaultyAttempt): readonly Applied<DeliveryFault>[]
  forJwks(): readonly Applied<JwksFault>[]
  forApi(method: string, path: string): readonly Applied<ApiFault>[]
  /** Counts one use of each, so that a rule with `times` ends. */
  use(applied: readonly Applied<Fault>[]): void
}

/** Creates an empty set of rules; `random` decides for rules with a share. */
export function createFaultRules(random: () => number): FaultRules {
  const rules = new Map<string, ActiveFault>()

  function fitting(about: About, fits: (match: FaultMatch) => boolean) {
    return [...rules.values()]
      .filter(({ fault, match }) => aboutOf(fault.type) === about && fits(match))
      .filter(({ match: { share = 1 } }) => share >= 1 || random() < share)
      .map(({ id, fault }) => ({ ruleId: id, fault }))
  }

  return {
    add(rule) {
      const added: ActiveFault = { id: `fault_${randomText(8)}`, ...readRule(rule), used: 0 }
      rules.set(added.id, added)
      return added
    },
    clear(id) {
      const had = id === undefined ? rules.size > 0 : rules.has(id)
      if (id === undefined) rules.clear()
      else rules.delete(id)
      return had
    },
    list: () => [...rules.values()],
    forAttempt: (attempt) =>
      fitting('delivery', (match) => fitsAttempt(match, attempt)) as Applied<DeliveryFault>[],
    forJwks: () => fitting('jwks', () => true) as Applied<JwksFault>[],
    forApi: (method, path) => fitting('api', (match) => fitsCall(match, method, path)) as Applied<ApiFault>[],
    use(applied) {
      for (const { ruleId } of applied) {
        const rule = rules.get(ruleId)
        if (rule === undefined) continue
        const used = rule.used + 1
        if (used >= (rule.times ?? Number.POSITIVE_INFINITY)) rules.delete(ruleId)
        else rules.set(ruleId, { ...rule, used })
      }
    },
  }
}

function fitsAttempt({ endpoint, eventType, scheme, jobId }: FaultMatch, attempt: FaultyAttempt): boolean {
  return (
    (endpoint === undefined || endpoint === attempt.uri || endpoint === attempt.registrationId) &&
    (eventType === undefined || fitsPattern(eventType, attempt.eventType)) &&
    (scheme === undefined || scheme === attempt.scheme) &&
    (jobId === undefined || jobId === attempt.jobId)
  )
}

function fitsCall({ method, path }: FaultMatch, calledMethod: string, calledPath: string): boolean {
  const isMethod = method === undefined || method.toUpperCase() === calledMethod
  return isMethod && (path === undefined || fitsPattern(path, calledPath))
}

function fitsPattern(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern
}
