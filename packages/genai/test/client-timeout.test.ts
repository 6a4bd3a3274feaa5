import { parseEvent } from '@gwh/core'
import { expect, test } from 'vitest'
import { fetchResult } from '../src/index.ts'
import { serveHangingApi } from './hanging-api.ts'
import { SDKS } from './support.ts'

const EVENT = parseEvent(JSON.stringify({ type: 'interaction.completed', data: { id: 'v1_x' } }))

// The client retries with pauses of its own, which takes some seconds.
test.each(SDKS)(
  'the timeout of a client of SDK $sdk ends the request for an interaction',
  async ({ connect }) => {
    const api = await serveHangingApi(() => {})
    const client = connect(api.url, { timeout: 50 })
    const refused = fetchResult(EVENT, { client })
    await expect(refused).rejects.toMatchObject({ code: 'result_unavailable' })
    // On a busy machine the request may end before it reaches the server.
    await expect.poll(api.connections, { timeout: 20_000 }).toBe(0)
  },
)
