import { createFakeClock } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, expect, test } from 'vitest'
import { createRedisStore, type RedisLike } from '../src/index.ts'
import { toSendCommand } from '../src/lib/redis-like.ts'
import { STORE_SCRIPTS } from '../src/lib/scripts.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import {
  clusterArguments,
  DEADLINES,
  eventually,
  intercepted,
  NOW,
  ownServer,
  PATIENCE_MS,
  UNAVAILABLE,
} from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

const claimed = { status: 'claimed', attempt: 1 }
const wrongType = {
  ...UNAVAILABLE,
  cause: expect.objectContaining({ message: expect.stringMatching(/^WRONGTYPE/) }),
}

/** A store, and how many keys each of its commands had. */
function counted(client: RedisLike) {
  const keys: number[] = []
  const counting = intercepted(client, async ([, , count], pass) => {
    keys.push(Number(count))
    return await pass()
  })
  const prefix = `${crypto.randomUUID()}:`
  return {
    keys,
    prefix,
    store: createRedisStore({ client: counting, prefix, now: () => NOW, commandTimeoutMs: PATIENCE_MS }),
  }
}

describe.each(LIBRARIES)('calls of one turn on $name', (library) => {
  async function harness() {
    const one = counted(connected(library, server.url))
    // Redis learns the scripts, so that a group is one command.
    const claim = await one.store.claim('first', DEADLINES)
    if (claim.status === 'claimed') await one.store.complete(claim)
    one.keys.length = 0
    return one
  }

  test('share commands of at most 100 keys', async () => {
    const { store, keys } = await harness()
    const names = Array.from({ length: 150 }, (_, index) => `key-${index}`)
    const claims = await Promise.all(names.map((key) => store.claim(key, DEADLINES)))
    expect(claims).toEqual(names.map((key) => expect.objectContaining({ ...claimed, key })))
    await Promise.all(claims.map((claim) => claim.status === 'claimed' && store.complete(claim)))
    expect(keys).toEqual([100, 50, 100, 50])
  })

  test('get their own answers', async () => {
    const { store } = await harness()
    const other = await store.claim('in progress', DEADLINES)
    const answers = await Promise.all([
      store.claim('new', DEADLINES),
      store.claim('first', DEADLINES),
      store.claim('in progress', DEADLINES),
    ])
    const { leaseUntil } = DEADLINES
    expect(answers).toMatchObject([claimed, { status: 'completed' }, { status: 'in_progress', leaseUntil }])
    if (other.status !== 'claimed' || answers[0]?.status !== 'claimed')
      throw new RangeError('nothing is claimed')
    const [kept, lost, released] = await Promise.all([
      store.complete(other),
      store.complete({ ...other, token: 'of-another-owner' }),
      store.release(answers[0]),
    ])
    expect({ kept, lost, released }).toEqual({ kept: true, lost: false, released: true })
    expect(await store.claim('new', DEADLINES)).toMatchObject({ ...claimed, attempt: 2 })
  })

  test('do not fail with one whose record is something else', async () => {
    const { store, prefix } = await harness()
    const own = await store.claim('own', DEADLINES)
    if (own.status !== 'claimed') throw new RangeError(own.status)
    await redis(server.url, 'SET', `${prefix}{foreign}`, 'not a hash')
    const claims = await Promise.allSettled(['a', 'foreign', 'b'].map((key) => store.claim(key, DEADLINES)))
    expect(claims).toMatchObject([{ value: claimed }, { reason: wrongType }, { value: claimed }])
    const settled = await Promise.allSettled([
      store.complete({ ...own, key: 'foreign' }),
      store.complete(own),
    ])
    expect(settled).toMatchObject([{ reason: wrongType }, { value: true }])
  })

  test.each([
    { attempt: 'abc' },
    { attempt: '1', token: 'x', lease: 'abc' },
    { attempt: '1', token: 'x', lease: '1', leased: 'abc' },
    { expires: 'abc' },
  ])('do not fail with one whose record is corrupt: %o', async (corrupt) => {
    const { store, prefix } = await harness()
    const record = Object.entries({ expires: String(NOW * 2), ...corrupt }).flat()
    await redis(server.url, 'HSET', `${prefix}{corrupt}`, ...record)
    const claims = await Promise.allSettled(['a', 'corrupt', 'b'].map((key) => store.claim(key, DEADLINES)))
    expect(claims).toMatchObject([{ value: claimed }, { reason: UNAVAILABLE }, { value: claimed }])
  })

  test('are sent one by one once Redis says that their keys are in different slots', async () => {
    const node = await ownServer(...(await clusterArguments()))
    await redis(node.url, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await eventually(() => redis(node.url, 'CLUSTER', 'INFO')).toMatch(/cluster_state:ok/)
    const { store, keys } = counted(connected(library, node.url))
    const claimAll = (names: string[]) => Promise.all(names.map((key) => store.claim(key, DEADLINES)))
    expect(await claimAll(['a', 'b', 'c'])).toMatchObject([claimed, claimed, claimed])
    expect(keys[0]).toBe(3)
    keys.length = 0
    expect(await claimAll(['d', 'e', 'f'])).toMatchObject([claimed, claimed, claimed])
    expect(keys).toEqual([1, 1, 1])
  })

  test('let the client see an error that concerns all of them, so that it can reconnect', async () => {
    const replica = await ownServer()
    await redis(replica.url, 'REPLICAOF', '127.0.0.1', '1')
    const seen: unknown[] = []
    const pass = toSendCommand(connected(library, replica.url))
    const client = {
      sendCommand: ([name = '', ...args]: string[]) =>
        pass('', [name, ...args]).catch((error: Error) => {
          seen.push(error.message)
          throw error
        }),
    }
    const store = createRedisStore({ client, now: () => NOW, commandTimeoutMs: PATIENCE_MS })
    const claims = await Promise.allSettled(['a', 'b'].map((key) => store.claim(key, DEADLINES)))
    expect(claims).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }])
    expect(seen.at(-1)).toMatch(/^READONLY/)
  })
})

test('a claim with a corrupt record is not withdrawn, and the others of its turn are settled', async () => {
  const [corrupt, good] = [0, 1].map(() => `{same-slot}${crypto.randomUUID()}`) as [string, string]
  await redis(server.url, 'HSET', corrupt, 'token', 'a', 'attempt', 'abc')
  await redis(server.url, 'HSET', good, 'token', 'b', 'attempt', '1')
  const args = [STORE_SCRIPTS.settle, '2', corrupt, good, 'withdraw a', 'complete b']
  const replies = await redis(server.url, 'EVAL', ...args)
  expect(replies).toEqual([expect.stringMatching(/^error ERR hash value is not an integer/), 1])
  expect(await redis(server.url, 'HEXISTS', good, 'token')).toBe(0)
})

test('a turn that hangs holds up no later turn', async () => {
  const clock = createFakeClock(NOW)
  const client = intercepted(connected(LIBRARIES[0]!, server.url), ([, , , key], pass) =>
    key?.endsWith('{a}') ? new Promise(() => {}) : pass(),
  )
  const store = createRedisStore({ client, prefix: `${crypto.randomUUID()}:`, clock })
  const hanging = ['a', 'b'].map((key) => store.claim(key, DEADLINES))
  await clock.advance(499)
  expect(await store.claim('c', DEADLINES)).toMatchObject(claimed)
  const refused = Promise.allSettled(hanging)
  await clock.advance(1)
  expect(await refused).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }])
})

test('a node of a cluster that hangs holds up no call to another node', async () => {
  const pass = toSendCommand(connected(LIBRARIES[0]!, server.url))
  const prefix = `${crypto.randomUUID()}:`
  const cluster = {
    getSlotRandomNode: () => undefined,
    sendCommand: (key: string, _: boolean, [name = '', ...args]: string[]) =>
      key === `${prefix}{a}` ? new Promise(() => {}) : pass(key, [name, ...args]),
  }
  const clock = createFakeClock(NOW)
  const store = createRedisStore({ client: cluster, prefix, clock })
  const [hanging, answered] = ['a', 'b'].map((key) => store.claim(key, DEADLINES))
  const refused = expect(hanging).rejects.toMatchObject(UNAVAILABLE)
  expect(await answered).toMatchObject(claimed)
  await clock.advance(500)
  await refused
})
