import { EVENT_TYPES, type EventType, type KnownEvent, type WebhookEvent } from '../events/event-types.ts'
import { suggestEventType } from '../events/suggest-event-type.ts'
import { checkNames, invalid } from '../shared/options.ts'

/** A documented event type, a family of types, or `*` for all. */
export type TypePattern = EventType | 'batch.*' | 'interaction.*' | 'video.*' | '*'

/** Which events a handler receives: by type, by metadata, or both. */
export type EventPattern = TypePattern | MetadataPattern<TypePattern>

/** Matches events by metadata and, optionally, type. */
export interface MetadataPattern<T extends string = string> {
  /** The event type or family. Default `*`. */
  type?: T
  /** Members that `userMetadata` must have, compared with `===`. Default: none. */
  metadata?: Readonly<Record<string, string | number | boolean>>
}

type TypeOf<P> = P extends { type: infer T } ? T : P extends string ? P : '*'

type EventForType<T> = T extends EventType
  ? KnownEvent<T>
  : T extends `${infer Family}.*`
    ? KnownEvent<Extract<EventType, `${Family}.${string}`>>
    : WebhookEvent

/** The type of the events that match a pattern. */
export type EventFor<P> = EventForType<TypeOf<P>>

/**
 * What a misspelt pattern was probably meant to be, for the compiler's message: the documented patterns with the
 * same initials (`batch.su…`), else with the same start, else all of them.
 */
export type SimilarPattern<T extends string> = FirstOf<
  Extract<TypePattern, Initials<T>>,
  Extract<TypePattern, Start<T>>,
  TypePattern
>

type FirstOf<A, B, C> = [A] extends [never] ? ([B] extends [never] ? C : B) : A

type Start<T> = T extends `${infer A}${infer B}${string}` ? `${A}${B}${string}` : never

type Initials<T> = T extends `${infer Family}.${infer Rest}` ? `${Start<Family>}.${Start<Rest>}` : never

/** A checked pattern. */
export interface CheckedPattern {
  /** The event type, family or `*`. */
  type: string
  /** The required members of `userMetadata`. */
  metadata: readonly [string, unknown][]
}

const PATTERN = /^(?:\*|[a-z0-9_.]{1,250}\.\*|[a-z0-9_.]{1,256})$/i
const DOCUMENTED = new Set<string>([
  '*',
  ...EVENT_TYPES,
  ...EVENT_TYPES.map((type) => `${type.slice(0, type.indexOf('.'))}.*`),
])

/**
 * Checks the pattern of a handler.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkPattern(pattern: unknown): CheckedPattern {
  if (typeof pattern === 'object' && pattern !== null) checkMembers(pattern)
  const { type = '*', metadata = {} }: MetadataPattern =
    typeof pattern === 'object' ? pattern! : { type: pattern as string }
  if (typeof type !== 'string' || !PATTERN.test(type)) {
    throw invalid(
      `a pattern must be an event type such as "${EVENT_TYPES[0]}", a family such as "batch.*", or "*"`,
    )
  }
  return { type, metadata: Object.entries(metadata) }
}

/** Refuses an object without type and metadata, such as a regular expression, because it would match everything. */
function checkMembers(pattern: object): void {
  checkNames(pattern, ['type', 'metadata'], 'a pattern')
  if (!('type' in pattern) && !('metadata' in pattern)) {
    throw invalid('a pattern must be a string, or an object with type or metadata')
  }
}

/** Returns a warning for a pattern without a documented type; otherwise `undefined`. */
export function doubtPattern(type: string): string | undefined {
  if (DOCUMENTED.has(type)) return undefined
  const similar = suggestEventType(type)
  const hint = similar ? `did you mean "${similar}"?` : 'a handler for it runs only if Google adds it'
  return `"${type}" is not a documented event type: ${hint}`
}
