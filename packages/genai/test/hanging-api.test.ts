import type { IncomingMessage, ServerResponse } from 'node:http'
import { createReceiver, parseEvent } from '@gwh/core'
import { createFakeClock } from '@gwh/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createJobs, type DoneOptions, fetchResult } from '../src/index.ts'
import { serveHangingApi } from './hanging-api.ts'
import { SDKS } from './support.ts'

const JOBS = [
  { type: 'batch.succeeded', name: 'batches/x' },
  { type: 'interaction.completed', name: 'v1_x' },
  { type: 'video.generated', name: 'models/veo/operations/x' },
]

const ANSWERS = [
  { answer: 'no answer', respond: () => {} },
  {
    answer: 'an answer without end',
    respond: (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"name":"')
    },
  },
]

const CASES = SDKS.flatMap(({ sdk, connect }) =>
  ANSWERS.flatMap((answer) => JOBS.map((job) => ({ sdk, connect, ...answer, ...job }))),
)

const toEvent = (type: string, id: string) => parseEvent(JSON.stringify({ type, data: { id } }))

describe.each(CASES)('$answer to a request of SDK $sdk about $name', ({ connect, respond, type, name }) => {
  type Service = Awaited<ReturnType<typeof setUp>>

  async function setUp() {
    const api = await serveHangingApi(respond)
    const clock = createFakeClock(Date.UTC(2026, 10, 21))
    const receiver = createReceiver({ dynamic: { allowAnyJob: true }, clock, observer: () => {} })
    const jobs = createJobs({ client: connect(api.url), receiver, clock, random: () => 0.5 })
    onTestFinished(() => jobs.close())
    return { ...api, clock, jobs, receiver }
  }

  test('is ended at once when fetchResult is aborted', async () => {
    const api = await serveHangingApi(respond)
    const controller = new AbortController()
    const client = connect(api.url)
    const result = fetchResult(toEvent(type, name), { client, signal: controller.signal })
    const refused = expect(result).rejects.toThrow('enough')
    await api.arrived
    controller.abort(new RangeError('enough'))
    await refused
    await api.ended
    expect(api.requests()).toBe(1)
  })

  test('is ended when done is aborted, its time is up, or the jobs are closed', async () => {
    const controller = new AbortController()
    for (const [options, error, end] of [
      [
        { signal: controller.signal },
        { message: 'enough' },
        () => controller.abort(new RangeError('enough')),
      ],
      [{ timeoutMs: 500 }, { code: 'wait_timeout', message: expect.stringContaining('has ended') }],
      [{}, { code: 'draining' }, ({ jobs }: Service) => jobs.close()],
    ] satisfies [DoneOptions, object, ((service: Service) => unknown)?][]) {
      const service = await setUp()
      await service.receiver.emit({ type, data: { id: name } }, { id: 'one' })
      const refused = expect(service.jobs.done(name, options)).rejects.toMatchObject(error)
      await service.arrived
      await (end ? end(service) : service.clock.advance(500))
      await refused
      await service.ended
    }
  })

  test('is ended when a look-up takes too long', async () => {
    const { jobs, clock, arrived, ended, requests } = await setUp()
    await jobs.track(name)
    const swept = jobs.reconcile()
    await arrived
    await clock.advance(60_000)
    expect(await swept).toMatchObject({ failed: [{ job: name, error: { code: 'result_unavailable' } }] })
    await ended
    expect(requests()).toBe(1)
  })

  test('is ended when the jobs are closed while a look-up or a sweep runs', async () => {
    const { jobs, clock, arrived, ended } = await setUp()
    await jobs.track(name, { expectedMs: 0 })
    await clock.advance(1_000)
    await arrived
    await jobs.close()
    await ended
    const again = await setUp()
    await again.jobs.track(name)
    const swept = again.jobs.reconcile()
    await again.arrived
    await again.jobs.close()
    expect(await swept).toMatchObject({ failed: [{ job: name, error: { name: 'AbortError' } }] })
    await again.ended
  })
})
