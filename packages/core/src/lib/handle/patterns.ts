import { EVENT_TYPES, type EventType, type KnownEvent, type WebhookEvent } from '../events/event-types.ts'
import { suggestEventType } from '../events/suggest-event-type.ts'
import { checkNames, invalid } from '../shared/options.ts'

/** A documented event type, all types of a family, or everything. */
export type TypePattern = EventType | 'batch.*' | 'interaction.*' | 'video.*' | '*'

/** Which events a handler takes: by type, by metadata, or both. */
export type EventPattern = TypePattern | MetadataPattern<TypePattern>

/** Events with certain metadata. */
export interface MetadataPattern<T extends string = string> {
  /** Default `*`. */
  type?: T
  /** Values that `userMetadata` must have, compared exactly. */
  metadata?: Readonly<Record<string, string | number | boolean>>
}

type TypeOf<P> = P extends { type: infer T } ? T : P extends string ? P : '*'

type EventForType<T> = T extends EventType
  ? KnownEvent<T>
  : T extends `${infer Family}.*`
    ? KnownEvent<Extract<EventType, `${Family}.${string}`>>
    : WebhookEvent

/** The events that match a pattern, as far as its type tells. */
export type EventFor<P> = EventForType<TypeOf<P>>

/** A pattern that was checked. */
export interface CheckedPattern {
  type: string
  metadata: readonly [string, unknown][]
}

const PATTERN = /^(?:\*|[a-z0-9_.]{1,250}\.\*|[a-z0-9_.]{1,256})$/i
const DOCUMENTED = new Set<string>([
  '*',
  ...EVENT_TYPES,
  ...EVENT_TYPES.map((type) => `${type.slice(0, type.indexOf('.'))}.*`),
])

/** @throws WebhookConfigError `option_invalid` */
export function checkPattern(pattern: unknown): CheckedPattern {
  if (typeof pattern === 'object' && pattern !== null) checkMembers(pattern)
  const { type = '*', metadata = {} }: MetadataPattern =
    typeof pattern === 'object' ? pattern! : { type: pattern as string }
  if (typeof type !== 'string' || !PATTERN.test(type)) {
    throw invalid(
      `a pattern is an event type such as "${EVENT_TYPES[0]}", a family such as "batch.*", or "*"`,
    )
  }
  return { type, metadata: Object.entries(metadata) }
}

/** A pattern that says nothing, a regular expression for instance, must not match everything. */
function checkMembers(pattern: object): void {
  checkNames(pattern, ['type', 'metadata'], 'a pattern')
  if (!('type' in pattern) && !('metadata' in pattern)) {
    throw invalid('a pattern is a text, or an object with type or metadata')
  }
}

/** Why a pattern may never match; `undefined` for one of documented types. */
export function doubtPattern(type: string): string | undefined {
  if (DOCUMENTED.has(type)) return undefined
  const similar = suggestEventType(type)
  const hint = similar ? `did you mean "${similar}"?` : 'a handler for it runs only if Google adds it'
  return `"${type}" is no documented event type: ${hint}`
}
