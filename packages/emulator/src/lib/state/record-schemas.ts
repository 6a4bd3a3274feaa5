import { EMULATOR_KEY_PREFIX } from '@gwh/core/jwks'
import { z } from 'zod'
import { readTrouble } from '../faults/rule-schema.ts'
import { isFields } from '../http/fields.ts'
import { readScenario } from '../jobs/scenarios.ts'
import { LAST_TIME_MS } from '../shared/clock.ts'
import { readSecret } from '../signing/secrets.ts'
import type { RecordsProblem } from '../storage/records.ts'
import { jobSchema } from './job-schema.ts'
import { count, guideFields, id, readable, target, time } from './record-fields.ts'

const clock = z.looseObject({
  id: z.literal('clock'),
  real: z.number(),
  shown: z.number().min(0).max(LAST_TIME_MS),
  paused: z.boolean(),
})

const webhook = z.looseObject({
  id,
  name: z.string().optional(),
  uri: target,
  subscribedEvents: z.array(z.string()).min(1),
  state: z.enum(['enabled', 'disabled', 'disabled_due_to_failed_deliveries']),
  secrets: z.array(z.looseObject({ value: readable(readSecret), expiresAt: time.optional() })).min(1),
  presetSecret: readable(readSecret).optional(),
  failures: count.optional(),
})

const base64url = z.string().regex(/^[\w-]+$/)
const ed25519 = z.string().regex(/^[\w-]{43}$/, 'expected 32 bytes in base64url')
const jwkId = { kid: z.string().startsWith(EMULATOR_KEY_PREFIX) }
const keyAbout = { id, role: z.enum(['previous', 'current', 'next']), number: z.int().min(1) }

const key = z
  .discriminatedUnion('algorithm', [
    z.looseObject({
      ...keyAbout,
      algorithm: z.literal('Ed25519'),
      jwk: z.looseObject({
        ...jwkId,
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: ed25519,
        d: ed25519,
      }),
    }),
    z.looseObject({
      ...keyAbout,
      algorithm: z.literal('RS256'),
      jwk: z.looseObject({
        ...jwkId,
        kty: z.literal('RSA'),
        ...{ n: base64url, e: base64url, d: base64url, p: base64url, q: base64url },
        ...{ dp: base64url, dq: base64url, qi: base64url },
      }),
    }),
  ])
  .refine(({ id, jwk }) => id === jwk.kid, { message: "expected the 'kid' of the key", path: ['id'] })

const attempt = z.looseObject({
  attempt: z.int().min(1),
  uri: z.string(),
  startedAt: time,
  status: z.int().optional(),
  code: z.string().optional(),
  // The real clock may have been set back meanwhile.
  durationMs: z.number().optional(),
  answer: z.string().optional(),
  reason: z.string().optional(),
  faults: z.array(z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
})

const delivery = z.looseObject({
  // It becomes a header.
  id: id.regex(/^[\x21-\x7e]+$/, 'expected printable ASCII'),
  eventType: z.string(),
  jobId: z.string().optional(),
  body: z.string().refine(isJsonObject, 'expected a JSON object as text'),
  endpoint: z.discriminatedUnion('scheme', [
    z.looseObject({ scheme: z.literal('static'), registrationId: id, uri: target }),
    z.looseObject({ scheme: z.literal('dynamic'), uri: target, ...guideFields }),
  ]),
  createdAt: time,
  state: z.enum(['pending', 'acked', 'exhausted', 'disabled']),
  attempts: z
    .array(attempt)
    .refine((attempts) => attempts.every(({ attempt }, index) => attempt === index + 1), {
      message: 'expected attempts numbered from 1 on',
    }),
  // An attempt may be held back until after the last time there is.
  nextAttemptAt: z.number().min(0).optional(),
  redeliveredAt: time.optional(),
  heldBack: z.looseObject({ attempt: z.int().min(1), by: z.array(z.string()) }).optional(),
  trouble: readable((value) => readTrouble('trouble', value)).optional(),
})

const file = z.looseObject({
  // A name in the directory of files.
  id: id.regex(/^[a-z0-9-]+$/, "expected lower-case letters, digits and '-'"),
  displayName: z.string().optional(),
  // It becomes a header.
  mimeType: z.string().regex(/^[\t\x20-\x7e]+$/, 'expected printable ASCII'),
  sizeBytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hex'),
  source: z.enum(['UPLOADED', 'GENERATED']),
  createdAt: time,
  expiresAt: time,
})

const scenario = z.looseObject({ id }).and(
  readable((value) => {
    const { id: _, ...rest } = isFields(value) ? value : {}
    return readScenario(rest)
  }),
)

const SCHEMAS = new Map<string, z.ZodType<{ readonly id: string }>>(
  Object.entries({ clock, webhook, key, delivery, job: jobSchema, file, scenario }) as [
    string,
    z.ZodType<{ readonly id: string }>,
  ][],
)

/** Finds what is wrong with the records of a kind: what it lets through, the emulator can go on with. */
export function findProblem(kind: string, items: readonly unknown[]): RecordsProblem | undefined {
  const schema = SCHEMAS.get(kind)
  if (schema === undefined) return { path: '', message: 'not a kind of record of this version' }
  const ids = new Set<string>()
  for (const [index, item] of items.entries()) {
    const { error, data } = schema.safeParse(item)
    if (error !== undefined) {
      const { path, message } = error.issues[0]!
      return { index, path: toPath(path), message }
    }
    if (ids.has(data.id)) return { index, path: 'id', message: 'the id of another one' }
    ids.add(data.id)
  }
  return kind === 'key' ? findKeyProblem(items as readonly z.infer<typeof key>[]) : undefined
}

/** Of each algorithm there are three keys, one per role, or none yet. */
function findKeyProblem(keys: readonly z.infer<typeof key>[]): RecordsProblem | undefined {
  for (const same of Map.groupBy(keys, ({ algorithm }) => algorithm).values()) {
    const roles = new Set(same.map(({ role }) => role))
    if (same.length === 3 && roles.size === 3) continue
    return { path: '', message: 'not one previous, one current and one next key of an algorithm' }
  }
  return undefined
}

/** Writes a path as JavaScript does: `attempts[0].startedAt`. */
function toPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

function isJsonObject(text: string): boolean {
  try {
    return isFields(JSON.parse(text))
  } catch {
    return false
  }
}
