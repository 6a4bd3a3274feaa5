import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Emulator } from '../src/index.ts'
import { headerOf, makePlan, makeReactions, play, type Reaction, seededRandom } from './engine-model.ts'
import { call, createTestEmulator, expectedV1, register, verifyingKids } from './support.ts'

const SCRIPTS = 20_000
const SCRIPTS_PER_GROUP = 500
const SEED = 20_261_121

/** What the receiver got at an attempt. */
interface Attempt {
  readonly headers: Record<string, string>
  readonly body: string
  /** What the emulator's clock showed. */
  readonly at: number
}

interface Played {
  readonly reactions: readonly Reaction[]
  readonly seen: Attempt[]
}

/** A receiver in this process that reacts to each delivery as its script says. */
function scriptedFetch(played: Map<string, Played>, now: () => number): typeof globalThis.fetch {
  return async (_, init) => {
    const headers = init!.headers as Record<string, string>
    const { reactions, seen } = played.get(headers['webhook-id']!)!
    seen.push({ headers, body: new TextDecoder().decode(init!.body as Uint8Array), at: now() })
    const reaction = reactions[seen.length - 1]!
    if (reaction.kind === 'timeout') return new Promise(() => {})
    if (reaction.kind === 'cut') throw new TypeError('fetch failed')
    const { status, retryAfter } = reaction
    const header = retryAfter && { 'retry-after': headerOf(retryAfter, now()) }
    return new Response(null, { status, headers: header ?? {} })
  }
}

/** Checks the signature of an attempt with the webhook's secret, or with the public keys. */
function checkSignature(attempt: Attempt, keys: string | { keys: Record<string, string>[] }): void {
  const { headers } = attempt
  const received = { path: '', ...attempt }
  const isSigned =
    typeof keys === 'string'
      ? headers['webhook-signature'] === expectedV1(received, keys)
      : verifyingKids(received, keys).length === 1
  if (!isSigned) expect.fail(`${headers['webhook-id']} has a wrong signature`)
}

/** Plays a group of scripts, half of the groups to a registered webhook, and compares all with the model. */
async function playGroup(random: () => number, isStatic: boolean): Promise<number> {
  const plan = makePlan(random)
  const { chance, ...retry } = plan
  const played = new Map<string, Played>()
  const emulator: Emulator = createTestEmulator({
    fetch: scriptedFetch(played, () => emulator.clock.now()),
    random: () => chance,
    disableAfter: 0,
    retry: { ...retry, timeoutMs: 1 },
  })
  const { secret } = await register(emulator, 'http://127.0.0.1:1/hook')
  const scripts = Array.from({ length: SCRIPTS_PER_GROUP }, (_, index) => ({
    reactions: makeReactions(random, plan.scheduleMs.length),
    ...(!isStatic && { uris: [`http://127.0.0.1:1/${index}`] }),
  }))
  const eventAt = emulator.clock.now()
  for (const { reactions, ...to } of scripts) {
    const { webhookIds } = await emulator.trigger({ type: 'batch.succeeded', data: { id: 'x' }, ...to })
    played.set(webhookIds[0]!, { reactions, seen: [] })
  }
  await emulator.clock.advance(3 * plan.giveUpAfterMs + 60_000)
  const { body: jwks } = await call(emulator, 'GET', '/.well-known/jwks.json')
  for (const { webhookId, state, attempts, nextAttemptAt } of emulator.deliveries()) {
    const { reactions, seen } = played.get(webhookId)!
    const made = attempts.map(({ attempt, startedAt, status, code }, index) => {
      const sentAt = seen[index]?.at
      const signedAt = Number(seen[index]?.headers['webhook-timestamp'])
      return { attempt, startedAt, status, code, sentAt, signedAt }
    })
    const expected = play({ ...plan, reactions }, eventAt)
    const planned = expected.attempts.map(({ startedAt, status, code }, index) => {
      const [sentAt, signedAt] = [startedAt, Math.floor(startedAt / 1000)]
      return { attempt: index + 1, startedAt, status, code, sentAt, signedAt }
    })
    // Compared here first, as the runner's comparison takes most of the time of a test with so many.
    const isAsPlanned = isDeepStrictEqual([state, made], [expected.state, planned])
    if (!isAsPlanned) expect({ state, attempts: made }).toEqual({ state: expected.state, attempts: planned })
    if (seen.length !== made.length || nextAttemptAt !== undefined)
      expect.fail(`${webhookId} is not at its end`)
    checkSignature(seen.at(-1)!, isStatic ? secret : jwks)
  }
  await emulator.close()
  return played.size
}

test('20 000 deliveries to receivers with random reactions go as a plain model says', async () => {
  const random = seededRandom(SEED)
  let count = 0
  while (count < SCRIPTS) count += await playGroup(random, (count / SCRIPTS_PER_GROUP) % 2 === 0)
  expect(count).toBe(SCRIPTS)
}, 180_000)
