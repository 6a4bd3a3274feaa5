import type { IdempotencyStore } from '@gwh/core/store'
import { createFakeClock, type FakeClock } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, expect, test } from 'vitest'
import { createRedisLedger, createRedisStore, type RedisLike } from '../src/index.ts'
import { connected, LIBRARIES } from './clients.ts'
import { DEADLINES, eventually, intercepted, LEASE_MS, NOW, UNAVAILABLE } from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

/** What happens to the commands of the first machine. */
type Fate = 'answered' | 'answer lost' | 'answer held' | 'held'

interface Link {
  fate: Fate
  /** How many commands Redis has answered. */
  answered: number
  /** How many commands or answers are held at the moment. */
  held(): number
  letGo(): void
}

/** A machine whose connection can be made worse, and another one with a good connection. */
async function harness() {
  const clock = createFakeClock(NOW)
  const prefix = `${crypto.randomUUID()}:`
  const held: (() => void)[] = []
  const hold = () => new Promise<void>((resolve) => held.push(resolve))
  const open = (client: RedisLike) => createRedisStore({ client, prefix, clock })
  const link: Link = {
    fate: 'answered',
    answered: 0,
    held: () => held.length,
    letGo() {
      link.fate = 'answered'
      for (const go of held.splice(0)) go()
    },
  }
  const unreliable = intercepted(connected(LIBRARIES[0]!, server.url), async (_, pass) => {
    const { fate } = link
    if (fate === 'held') await hold()
    const reply = await pass().finally(() => {
      link.answered++
    })
    if (fate === 'answer held') await hold()
    if (fate === 'answer lost') throw new TypeError('Socket closed unexpectedly')
    return reply
  })
  const store = open(unreliable)
  const other = open(connected(LIBRARIES[1]!, server.url))
  // Both learn the scripts, so that a command is one command.
  await other.claim('first', DEADLINES)
  await store.claim('first', DEADLINES)
  link.answered = 0
  return { store, other, clock, link }
}

async function win(store: IdempotencyStore, key: string) {
  const claim = await store.claim(key, DEADLINES)
  if (claim.status !== 'claimed') throw new RangeError(`the key is ${claim.status}`)
  return claim
}

/** Lets the time of a verb run out while its command, or the answer to it, is held. */
async function timedOut(verb: Promise<unknown>, clock: FakeClock, held: () => number, timeoutMs = 500) {
  const refused = expect(verb).rejects.toMatchObject(UNAVAILABLE)
  await eventually(held).toBe(1)
  await clock.advance(timeoutMs)
  await refused
}

describe('a claim that Redis carried out although its answer was lost', () => {
  test('is taken over by the next claim of the same store, as the same attempt', async () => {
    const { store, link } = await harness()
    link.fate = 'answer lost'
    await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    link.fate = 'answered'
    const claim = await win(store, 'a')
    expect(claim.attempt).toBe(1)
    expect(await store.complete(claim)).toBe(true)
  })

  test('is taken over however many answers were lost in a row', async () => {
    const { store, link } = await harness()
    link.fate = 'answer lost'
    for (let lost = 0; lost < 5; lost++) {
      await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    }
    link.fate = 'answered'
    expect((await win(store, 'a')).attempt).toBe(1)
  })

  test('is taken over by one of 50 concurrent claims of the same store', async () => {
    const { store, link } = await harness()
    link.fate = 'answer lost'
    await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    link.fate = 'answered'
    const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim('a', DEADLINES)))
    expect(claims.filter(({ status }) => status === 'claimed')).toHaveLength(1)
  })

  test('keeps other machines waiting until its lease ends, and no longer', async () => {
    const { store, other, link, clock } = await harness()
    link.fate = 'answer lost'
    await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    await clock.advance(LEASE_MS - 1)
    expect(await other.claim('a', DEADLINES)).toEqual({
      status: 'in_progress',
      leaseUntil: DEADLINES.leaseUntil,
    })
    await clock.advance(1)
    await win(other, 'a')
  })

  test('is not taken over once another machine holds the key', async () => {
    const { store, other, link, clock } = await harness()
    link.fate = 'answer lost'
    await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    link.fate = 'answered'
    await clock.advance(LEASE_MS)
    const leaseUntil = DEADLINES.leaseUntil + LEASE_MS
    await other.claim('a', { ...DEADLINES, leaseUntil })
    expect(await store.claim('a', DEADLINES)).toEqual({ status: 'in_progress', leaseUntil })
  })
})

describe('a claim whose answer arrives too late', () => {
  test('is answered with an unavailable store when its time is over', async () => {
    const { store, clock, link } = await harness()
    link.fate = 'answer held'
    await timedOut(store.claim('a', DEADLINES), clock, link.held)
  })

  test('is given back, so that any machine can claim, and the attempt does not count', async () => {
    const { store, other, clock, link } = await harness()
    link.fate = 'answer held'
    await timedOut(store.claim('a', DEADLINES), clock, link.held)
    expect(await other.claim('a', DEADLINES)).toMatchObject({ status: 'in_progress' })
    link.letGo()
    await eventually(() => other.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  })

  test('is given back too when Redis gets to it only after the timeout', async () => {
    const { store, other, clock, link } = await harness()
    link.fate = 'held'
    await timedOut(store.claim('a', DEADLINES), clock, link.held)
    link.letGo()
    await eventually(() => other.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  })

  test('takes nothing away from the retry that has replaced it', async () => {
    const { store, other, clock, link } = await harness()
    link.fate = 'answer held'
    await timedOut(store.claim('a', DEADLINES), clock, link.held)
    link.fate = 'answered'
    const claim = await win(store, 'a')
    link.letGo()
    // The claim, its retry, and the first claim given back.
    await eventually(() => link.answered).toBe(3)
    expect(await other.claim('a', DEADLINES)).toMatchObject({ status: 'in_progress' })
    expect(await store.complete(claim)).toBe(true)
  })

  test('takes nothing away from a delivery that was completed meanwhile', async () => {
    const { store, other, clock, link } = await harness()
    link.fate = 'held'
    await timedOut(store.claim('a', DEADLINES), clock, link.held)
    await other.complete(await win(other, 'a'))
    link.letGo()
    await eventually(() => link.answered).toBe(1)
    expect(await other.claim('a', DEADLINES)).toEqual({ status: 'completed' })
  })
})

test('a claim that the client sends twice is one claim', async () => {
  const twice = intercepted(connected(LIBRARIES[0]!, server.url), async (_, pass) => {
    await pass()
    return await pass()
  })
  const prefix = `${crypto.randomUUID()}:`
  const resending = createRedisStore({ client: twice, prefix, now: () => NOW })
  expect(await resending.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  expect(await resending.claim('a', DEADLINES)).toMatchObject({ status: 'in_progress' })
})

test('a completion without an answer is an unavailable store, and may still take effect', async () => {
  const { store, other, clock, link } = await harness()
  const claim = await win(store, 'a')
  link.fate = 'held'
  await timedOut(store.complete(claim), clock, link.held)
  link.letGo()
  await eventually(() => other.claim('a', DEADLINES)).toEqual({ status: 'completed' })
})

test.each([
  [
    'claim',
    500,
    (client: RedisLike, clock: FakeClock) => createRedisStore({ client, clock }).claim('a', DEADLINES),
  ],
  [
    'method of a ledger',
    2_000,
    (client: RedisLike, clock: FakeClock) =>
      createRedisLedger({ client, clock }).settle({ endpoint: 'default', id: 'a' }, NOW),
  ],
] as const)('a %s whose caller has given up is not sent again as EVAL', async (_, timeoutMs, call) => {
  const sent: string[] = []
  const { promise: refusal, reject } = Promise.withResolvers<never>()
  const clock = createFakeClock(NOW)
  const client = {
    sendCommand(command: readonly string[]) {
      sent.push(command[0]!)
      return refusal
    },
  }
  await timedOut(call(client, clock), clock, () => sent.length, timeoutMs)
  reject(new TypeError('NOSCRIPT No matching script.'))
  await clock.advance(0)
  expect(sent).toEqual(['EVALSHA'])
})
