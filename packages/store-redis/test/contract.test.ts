import { ledgerContract, storeContract } from '@gwh/testing'
import { storeModel } from '@gwh/testing/model'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, test } from 'vitest'
import { createRedisLedger, createRedisStore } from '../src/index.ts'
import { toSendCommand } from '../src/lib/redis-like.ts'
import { LIBRARIES } from './clients.ts'
import { PATIENCE_MS } from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

// As if that much time had passed for Redis: a life of zero or less ends at once.
const SHORTEN_LIVES = `
for _, key in ipairs(redis.call('KEYS', KEYS[1] .. '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - ARGV[1])) end
end`

describe.each(LIBRARIES)('Redis store on $name', ({ connect }) => {
  const { client, end } = connect(server.url)
  afterAll(end)

  let prefix = ''
  const open = (now: () => number) => createRedisStore({ client, prefix, now, commandTimeoutMs: PATIENCE_MS })
  const store = {
    create(now: () => number) {
      prefix = `${crypto.randomUUID()}:`
      return open(now)
    },
    reopen: open,
  }
  storeContract(test, store)
  storeModel(test, store)
})

describe.each(LIBRARIES)('Redis ledger on $name', ({ connect }) => {
  const { client, end } = connect(server.url)
  afterAll(end)

  let prefix = ''
  const open = () => createRedisLedger({ client, prefix, commandTimeoutMs: PATIENCE_MS })
  ledgerContract(test, {
    create() {
      prefix = `${crypto.randomUUID()}:`
      return open()
    },
    reopen: open,
    async advance(ms) {
      await toSendCommand(client)(prefix, ['EVAL', SHORTEN_LIVES, '1', prefix, String(ms)])
    },
  })
})
