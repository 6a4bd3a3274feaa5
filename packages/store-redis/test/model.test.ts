import { storeModel } from '@gwh/testing/model'
import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { LIBRARIES } from './clients.ts'
import { PATIENCE_MS } from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

describe.each(LIBRARIES)('Redis store on $name', ({ connect }) => {
  const { client, end } = connect(server.url)
  afterAll(end)

  let prefix = ''
  storeModel(test, {
    create(now) {
      prefix = `${crypto.randomUUID()}:`
      return createRedisStore({ client, prefix, now, commandTimeoutMs: PATIENCE_MS })
    },
    reopen: (now) => createRedisStore({ client, prefix, now, commandTimeoutMs: PATIENCE_MS }),
  })
})
