import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createFakeClock, createWatched, NOW, OTHER_SECRET, staticDelivery } from './support.ts'

const printed: string[] = []
const forged = staticDelivery({}, OTHER_SECRET)

beforeEach(() => {
  printed.length = 0
  for (const name of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, name).mockImplementation((...texts) => void printed.push(`${name} ${texts.join(' ')}`))
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** A receiver without an observer. */
function setUp(options: object = {}) {
  const clock = createFakeClock(NOW)
  return { clock, ...createWatched({ clock, observer: undefined as never, ...options }) }
}

test('a wrong secret is printed once a minute', async () => {
  const { receiver, clock } = setUp({ toleranceSeconds: 3_600 })
  for (let count = 0; count < 5; count++) await receiver.receive(forged)
  expect(printed).toEqual([
    expect.stringMatching(/^warn refused \S+ 401 signature_invalid .*Set explain: true/),
  ])
  await clock.advance(60_000)
  await receiver.receive(forged)
  expect(printed).toHaveLength(2)
})

test('a wrong secret is not printed in production, where anyone could fill the log', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  await setUp().receiver.receive(forged)
  expect(printed).toEqual([])
})

test('what only a sender can get wrong is not printed', async () => {
  await setUp().receiver.receive({ headers: {}, body: new Uint8Array() })
  expect(printed).toEqual([])
})

test('a handler that fails and a store that is down are printed once a minute, in production too', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  const { receiver } = setUp()
  receiver.on('*', () => {
    throw new TypeError('not a customer')
  })
  for (let count = 0; count < 3; count++) await receiver.receive(staticDelivery())
  const down = () => Promise.reject(new Error('down'))
  const store = { claim: down, complete: down, release: down }
  await setUp({ store }).receiver.receive(staticDelivery())
  expect(printed).toEqual([
    expect.stringMatching(/^error failed .* TypeError: not a customer$/),
    expect.stringMatching(/^error fault store_unavailable /),
  ])
})

test('an event that no handler matches is printed', async () => {
  await setUp().receiver.receive(staticDelivery())
  expect(printed).toEqual([
    expect.stringMatching(/^warn unhandled \S+ batch.succeeded .*no handler matches$/),
  ])
})

test('what goes well is not printed', async () => {
  const { receiver } = setUp()
  receiver.on('*', () => {})
  await receiver.receive(staticDelivery())
  await receiver.receive(staticDelivery())
  expect(printed).toEqual([])
})

test.each([
  ['', ['warn queue_in_progress: text']],
  ['production', []],
])('deliveries in progress at the start of a worker, NODE_ENV "%s"', (environment, expected) => {
  vi.stubEnv('NODE_ENV', environment)
  setUp().receiver.warn({ code: 'queue_in_progress', message: 'text' })
  expect(printed).toEqual(expected)
})
