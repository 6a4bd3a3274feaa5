import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions, type EmulatorSnapshot } from '../src/index.ts'
import { call, createTestEmulator, register, startReceiver, temporaryFolder } from './support.ts'

const MODEL = 'gemini-3.8-flash'
const BLOCKED = 'http://127.0.0.1:1/hook'
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

const batch = {
  batch: {
    inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
  },
}

type Item = Record<string, never>
type Change = (records: Record<string, Item[]>) => unknown

/** An emulator that keeps records of every kind; the webhook's delivery fails and is retried. */
async function startFull(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = createTestEmulator({ fetch: async () => new Response(null, { status: 500 }), ...options })
  await register(emulator, BLOCKED)
  emulator.scenarios.add({ when: { kind: 'video' }, then: { outcome: 'failed', webhooks: { drop: true } } })
  await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, batch)
  await call(emulator, 'POST', '/v1/models/veo:predictLongRunning', { instances: [{ prompt: 'a ball' }] })
  await call(emulator, 'POST', '/v1/interactions', {
    model: MODEL,
    input: 'hi',
    response_format: { type: 'video' },
  })
  await emulator.trigger({ ...event, uris: [BLOCKED] })
  await emulator.trigger({ ...event, data: { id: 'batches/y' } })
  await emulator.idle()
  return emulator
}

/** What JSON makes of an export, with something changed in its records. */
function changed(snapshot: EmulatorSnapshot, change: Change): EmulatorSnapshot {
  const copy = JSON.parse(JSON.stringify(snapshot))
  change(copy.records)
  return copy
}

const set = (kind: string, path: string, value: unknown): Change => {
  const names = path.split('.')
  const last = names.pop()!
  return (records) => {
    let item: Record<string, unknown> = records[kind]![0]!
    for (const name of names) item = item[name] as Record<string, unknown>
    item[last] = value
  }
}

describe('an import', () => {
  test.each<[string, Change]>([
    ['records.job[0].id', set('job', 'id', 7)],
    ['records.job[0].kind', set('job', 'kind', 'poem')],
    ['records.job[0].dueAt', set('job', 'dueAt', '1')],
    ['records.job[0].input.requests[0].request', set('job', 'input.requests', [{ request: 1 }])],
    ['records.job[0].planned', set('job', 'planned', { outcome: 'filtered' })],
    ['records.job[0].config.uris[0]', set('job', 'config', { uris: ['file:///etc/passwd'] })],
    ['records.job[0].end.outcome', set('job', 'end', { at: 1, outcome: 'filtered' })],
    ['records.job[2].id', ({ job }) => job!.push(job![0]!) && job!.splice(2, 1)],
    ['records.delivery[0].body', set('delivery', 'body', '{"type":')],
    ['records.delivery[0].endpoint.uri', set('delivery', 'endpoint.uri', 'nowhere')],
    ['records.delivery[0].endpoint.scheme', set('delivery', 'endpoint.scheme', 'magic')],
    ['records.delivery[0].state', set('delivery', 'state', 'lost')],
    ['records.delivery[0].attempts', set('delivery', 'attempts.0.attempt', 2)],
    ['records.delivery[0].attempts[0].startedAt', set('delivery', 'attempts.0.startedAt', null)],
    ['records.delivery[0].id', set('delivery', 'id', 'a\r\nb: c')],
    ['records.delivery[0].trouble', set('delivery', 'trouble', { faults: ['jwks_down'] })],
    ['records.webhook[0].secrets', set('webhook', 'secrets', [])],
    ['records.webhook[0].secrets[0].value', set('webhook', 'secrets.0.value', { toString: 1 })],
    ['records.webhook[0].uri', set('webhook', 'uri', 'ftp://a.example')],
    ['records.key[0].jwk.d', set('key', 'jwk.d', 'short')],
    ['records.key[0].jwk.kid', set('key', 'jwk.kid', 'google-1')],
    ['records.key', ({ key }) => key!.pop()],
    ['records.file[0].id', set('file', 'id', '../../../etc/passwd')],
    ['records.file[0].mimeType', set('file', 'mimeType', 'a\nb')],
    ['records.scenario[0]', set('scenario', 'then', { outcome: 'nonsense' })],
    ['records.poem', (records) => Object.assign(records, { poem: [{ id: 'a' }] })],
    ['records.job', (records) => Object.assign(records, { job: {} })],
  ])('with a damaged %s is refused with that path, and nothing changes', async (path, change) => {
    const emulator = await startFull()
    const before = emulator.export()
    const damaged = changed(before, change)
    expect(() => emulator.import(damaged)).toThrow(`'${path}'`)
    const { status, body } = await call(emulator, 'POST', '/_gwh/import', damaged)
    expect([status, body.error.code]).toEqual([400, 'invalid_request'])
    expect(emulator.export()).toEqual(before)
    await emulator.clock.advance(25 * 3_600_000)
    await emulator.settled()
  })

  test.each([
    ['no object', []],
    ['other format', { format: 'other', now: 0, records: {} }],
    [
      'cyclic',
      (() => {
        const cyclic: Record<string, unknown> = {}
        cyclic.self = cyclic
        return cyclic
      })(),
    ],
    ['something JSON has not', { format: 'gwh-emulator-1', now: 0, records: { job: [1n] } }],
    ['an unknown field', { format: 'gwh-emulator-1', now: 0, records: {}, more: 1 }],
  ])('of what is no export is refused: %s', (_, value) => {
    const emulator = createTestEmulator()
    expect(() => emulator.import(value as unknown as EmulatorSnapshot)).toThrow(TypeError)
  })

  test('takes what was exported, over HTTP and from a state file too, and goes on with it', async () => {
    const first = await startFull({ state: `${temporaryFolder()}/state.db` })
    const exported = JSON.parse(JSON.stringify(first.export()))
    expect(Object.keys(exported.records).sort()).toEqual([
      'clock',
      'delivery',
      'file',
      'job',
      'key',
      'scenario',
      'webhook',
    ])
    const state = `${temporaryFolder()}/state.db`
    const second = createTestEmulator({ state, fetch: async () => new Response() })
    expect((await call(second, 'POST', '/_gwh/import', exported)).status).toBe(200)
    expect(second.export().records.delivery).toEqual(exported.records.delivery)
    await second.close()
    const third = createTestEmulator({ state, fetch: async () => new Response() })
    await third.clock.advance(3_600_000)
    await third.settled()
    expect(third.deliveries().filter((delivery) => delivery.state !== 'acked')).toEqual([])
  })

  test('of a job with metadata as deep as a request may have it is taken over HTTP', async () => {
    const emulator = createTestEmulator()
    const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) })
    const { status } = await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, {
      batch: { ...batch.batch, webhookConfig: { userMetadata: deep(196) } },
    })
    expect(status).toBe(200)
    expect((await call(emulator, 'POST', '/_gwh/import', emulator.export())).status).toBe(200)
  })

  test.each(['deliveries', 'jobs', 'files'] as const)('beyond limits.%s is refused', async (name) => {
    const snapshot = (await startFull()).export()
    const emulator = createTestEmulator({ limits: { [name]: 0 } })
    expect(() => emulator.import(snapshot)).toThrow(`limits.${name}`)
  })

  test('cuts the attempts under way, and what comes of them changes nothing', async () => {
    const answers: (() => void)[] = []
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const failures: unknown[] = []
    const receiver = await startReceiver((response, _, count) => {
      if (count > 2) return void response.writeHead(200).end()
      answers.push(() => response.writeHead(500).end())
      if (count === 2) arrive()
    })
    const emulator = createTestEmulator({
      observer: (signal) => signal.type === 'work_failed' && failures.push(signal.error),
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    const snapshot = changed(emulator.export(), () => {})
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await arrived
    emulator.import(snapshot)
    for (const answer of answers) answer()
    await emulator.idle()
    expect(failures).toEqual([])
    expect(emulator.deliveries()).toMatchObject([{ state: 'acked', attempts: [{ attempt: 1, status: 200 }] }])
    expect(receiver.received).toHaveLength(3)
  })

  test('cuts an advance of the clock, which says so', async () => {
    const emulator = createTestEmulator({ fetch: async () => new Response(null, { status: 500 }) })
    const snapshot = emulator.export()
    await emulator.trigger({ ...event, uris: [BLOCKED] })
    const advances = [emulator.clock.advance(3_600_000), emulator.clock.advance(3_600_000)]
    emulator.import(snapshot)
    for (const advance of advances) await expect(advance).rejects.toMatchObject({ code: 'state_replaced' })
    expect(emulator.clock.now()).toBe(snapshot.now)
    await emulator.clock.advance(1000)
    expect(emulator.clock.now()).toBe(snapshot.now + 1000)
  })

  test('ends the wait for what is no longer there', async () => {
    const emulator = createTestEmulator()
    const empty = emulator.export()
    await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, batch)
    const settled = emulator.settled()
    emulator.import(empty)
    await settled
  })

  test('drops what a job that is still worked out would have ended with', async () => {
    let answer = (_: string) => {}
    const emulator = createTestEmulator({
      respond: ({ prompt }) =>
        prompt === 'hi'
          ? new Promise<string>((resolve) => {
              answer = resolve
            })
          : 'quick',
    })
    const { body } = await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, batch)
    const snapshot = emulator.export()
    const finishing = emulator.finish(body.name)
    emulator.import(snapshot)
    answer('too late')
    await expect(finishing).rejects.toThrow('not found')
    expect(emulator.export().records.job).toEqual(snapshot.records.job)
  })
})

describe('a state file', () => {
  async function stateFile(): Promise<string> {
    const state = `${temporaryFolder()}/state.db`
    const emulator = await startFull({ state })
    await emulator.close()
    return state
  }

  const damages: [string, string, string][] = [
    ['no JSON', "UPDATE gwh_records SET json = '{' WHERE kind = 'delivery'", 'not valid JSON'],
    ['another id', `UPDATE gwh_records SET json = '{"id":"b"}' WHERE kind = 'webhook'`, 'its id'],
    [
      'a missing field',
      `UPDATE gwh_records SET json = json_remove(json, '$.body') WHERE kind = 'delivery'`,
      'body',
    ],
    ['a missing key', "DELETE FROM gwh_records WHERE kind = 'key' AND json LIKE '%current%'", 'current'],
    [
      'an unknown kind',
      `INSERT INTO gwh_records (kind, id, json) VALUES ('poem', 'a', '{"id":"a"}')`,
      'kind',
    ],
  ]

  test.each(damages)('with %s is refused, and not left locked', async (_, sql, why) => {
    const state = await stateFile()
    const database = new DatabaseSync(state)
    database.exec(sql)
    database.close()
    for (let time = 0; time < 2; time += 1) {
      expect(() => createEmulator({ state })).toThrow(
        expect.objectContaining({
          code: 'state_unusable',
          message: expect.stringMatching(new RegExp(`${state}.*gwh_records, kind '[a-z]+'.*${why}`)),
        }),
      )
    }
    const again = new DatabaseSync(state)
    onTestFinished(() => again.close())
    again.exec('DELETE FROM gwh_records')
  })

  test('names the row that is damaged', async () => {
    const state = await stateFile()
    const database = new DatabaseSync(state)
    const id = String(database.prepare("SELECT id FROM gwh_records WHERE kind = 'job' LIMIT 1").get()!.id)
    database.prepare("UPDATE gwh_records SET json = 'x' WHERE id = ?").run(id)
    database.close()
    expect(() => createEmulator({ state })).toThrow(`kind 'job', id '${id}': not valid JSON`)
  })

  test('whose table is another one is refused, and not left locked', async () => {
    const state = await stateFile()
    const database = new DatabaseSync(state)
    database.exec('ALTER TABLE gwh_records RENAME COLUMN json TO text')
    database.close()
    for (let time = 0; time < 2; time += 1) {
      expect(() => createEmulator({ state })).toThrow(expect.objectContaining({ code: 'state_unusable' }))
    }
  })
})
