import { ledgerContract, storeContract } from '@gwh/testing'
import { storeModel } from '@gwh/testing/model'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, test } from 'vitest'
import { createRedisLedger, createRedisStore } from '../src/index.ts'
import { LIBRARIES } from './clients.ts'
import { PATIENCE_MS } from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

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
  })
})
