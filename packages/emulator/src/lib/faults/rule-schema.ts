import { z } from 'zod'
import { RequestFault } from '../http/faults.ts'
import type { ActiveFault, DeliveryFault, DeliveryTrouble, Fault } from '../shared/fault-types.ts'
import { MAX_TIMER_MS } from '../shared/limits.ts'

const ms = z.number().min(0).max(MAX_TIMER_MS)

/** Every fault by name: its parameters, and what it is about. */
const FAULTS = {
  duplicate: fault('delivery', 'duplicate', { copies: z.int().min(2).max(100).optional() }),
  delay: fault('delivery', 'delay', { ms }),
  reorder: fault('delivery', 'reorder', { withinMs: ms.optional() }),
  drop: fault('delivery', 'drop'),
  wrong_signature: fault('delivery', 'wrong_signature'),
  unknown_key: fault('delivery', 'unknown_key'),
  stale_timestamp: fault('delivery', 'stale_timestamp', { seconds: z.int().optional() }),
  tampered_body: fault('delivery', 'tampered_body'),
  reserialized_body: fault('delivery', 'reserialized_body'),
  truncated_body: fault('delivery', 'truncated_body'),
  slow_sender: fault('delivery', 'slow_sender', { ms: ms.optional() }),
  cut_before_answer: fault('delivery', 'cut_before_answer'),
  cut_after_answer: fault('delivery', 'cut_after_answer'),
  jwks_down: fault('jwks', 'jwks_down', { status: z.int().min(400).max(599).optional() }),
  jwks_slow: fault('jwks', 'jwks_slow', { ms: ms.optional() }),
  jwks_rotated: fault('jwks', 'jwks_rotated'),
  jwks_garbage: fault('jwks', 'jwks_garbage'),
  api_error: fault('api', 'api_error', {
    status: z.int().min(400).max(599),
    message: z.string().optional(),
    retryAfter: z.int().min(0).optional(),
    afterEffect: z.boolean().optional(),
  }),
} satisfies Record<Fault['type'], { about: About; schema: z.ZodType }>

/** What a fault is about: attempts of deliveries, the JWKS, or calls of the API. */
export type About = 'delivery' | 'jwks' | 'api'

function fault<Name extends string, Shape extends z.ZodRawShape>(
  about: About,
  type: Name,
  shape: Shape = {} as Shape,
) {
  return { about, schema: z.strictObject({ type: z.literal(type), ...shape }) }
}

/** What a fault is about. */
export function aboutOf(type: Fault['type']): About {
  return FAULTS[type].about
}

const share = z.number().min(0).max(1).optional()
const text = z.string().min(1).optional()
const MATCH: Record<About, z.ZodType> = {
  delivery: z.strictObject({
    endpoint: text,
    eventType: text,
    scheme: z.enum(['static', 'dynamic']).optional(),
    jobId: text,
    share,
  }),
  jwks: z.strictObject({ share }),
  api: z.strictObject({ method: text, path: text, share }),
}

const RULE = z.strictObject({
  fault: z.unknown().optional(),
  match: z.unknown().optional(),
  times: z.int().min(1).optional(),
})

/** Reads a rule from JSON or from code; throws a `RequestFault` that names what is wrong. */
export function readRule(value: unknown): Omit<ActiveFault, 'id' | 'used'> {
  const { fault, match, times } = check('rule', RULE, value)
  const read = readFault('fault', fault)
  const checked = check('match', MATCH[aboutOf(read.type)], match ?? {}) as ActiveFault['match']
  return { fault: read, match: checked, ...(times !== undefined && { times }) }
}

function readFault(name: string, value: unknown): Fault {
  const candidate = typeof value === 'string' ? { type: value } : value
  const type = check(`${name}.type`, z.enum(Object.keys(FAULTS) as Fault['type'][]), typeOf(candidate))
  return check(name, FAULTS[type].schema, candidate) as Fault
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
}

const TROUBLE = z.strictObject({
  drop: z.boolean().optional(),
  delayMs: ms.optional(),
  duplicate: z.int().min(1).max(100).optional(),
  reorder: z.boolean().optional(),
  faults: z.array(z.unknown()).optional(),
  attempts: z.int().min(1).optional(),
})

/** Reads what goes wrong with one job's deliveries, from a scenario. */
export function readTrouble(name: string, value: unknown): DeliveryTrouble {
  const { faults, ...trouble } = check(name, TROUBLE, value)
  const read = faults?.map((fault, index) => readDeliveryFault(`${name}.faults[${index}]`, fault))
  return { ...trouble, ...(read && { faults: read }) } as DeliveryTrouble
}

function readDeliveryFault(name: string, value: unknown): DeliveryFault {
  const fault = readFault(name, value)
  if (aboutOf(fault.type) === 'delivery') return fault as DeliveryFault
  throw new RequestFault('invalid_request', `'${name}' is no fault of a delivery.`)
}

function check<Output>(name: string, schema: z.ZodType<Output>, value: unknown): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new RequestFault('invalid_request', `'${[name, ...path].join('.')}': ${message}.`)
}
