import { printable } from '../shared/printable.ts'
import type { DeliverySnapshot } from '../shared/types.ts'

/**
 * Writes a vitest file that sends the recorded events again, to a receiver that runs, and expects what the receiver
 * answered then. A regression test from what just happened, without writing one.
 *
 * The receiver's URL comes from `RECEIVER_URL` and its secret from `GEMINI_WEBHOOK_SECRET`, so the file holds neither.
 * It does hold the events, with their `user_metadata`.
 *
 * @example
 * ```ts
 * writeFileSync('recorded.test.ts', recordedTest(emulator.deliveries()))
 * ```
 *
 * @param deliveries - What `emulator.deliveries()` returned; those that are still pending are left out
 * @returns The text of a TypeScript module
 * @throws TypeError when no delivery has ended
 */
export function recordedTest(deliveries: readonly DeliverySnapshot[]): string {
  const ended = deliveries.filter(({ state }) => state !== 'pending')
  if (ended.length === 0) throw new TypeError('recordedTest needs a delivery that has ended')
  const events = Map.groupBy(ended, ({ body, createdAt }) => `${createdAt} ${body}`)
  return `${HEAD}
test('what was recorded: ${ended.length === 1 ? '1 delivery' : `${ended.length} deliveries`}', async () => {
  const webhooks = [{ uri, secret: process.env.GEMINI_WEBHOOK_SECRET! }]
  // One attempt each: the receiver is there.
  const emulator = createEmulator({ webhooks, retry: { scheduleMs: [0] } })
  onTestFinished(() => emulator.close())
${[...events.values()].map(toTrigger).join('\n')}
  const ends = emulator.deliveries().map(({ eventType, state, attempts }) => [eventType, state, attempts.at(-1)?.status])
  expect(ends).toEqual([
${ended.map(toExpected).join('\n')}
  ])
})
`
}

const HEAD = [
  '// Recorded by @gwh/emulator. Start the receiver, with the secret and the URL below, before this test.',
  "import { createEmulator } from '@gwh/emulator'",
  "import { expect, onTestFinished, test } from 'vitest'",
  '',
  "const uri = process.env.RECEIVER_URL ?? 'http://127.0.0.1:3000/webhooks/gemini'",
  '',
].join('\n')

/** One event, sent to as many endpoints as when it was recorded; those of a job's own are one after the other. */
function toTrigger(deliveries: readonly DeliverySnapshot[]): string {
  const { body, scheme } = deliveries[0]!
  const { type, data, user_metadata: userMetadata } = JSON.parse(body) as Record<string, unknown>
  const uris = scheme === 'dynamic' ? `, uris: [${deliveries.map(() => 'uri').join(', ')}]` : ''
  const fields = toSource({ type, data, userMetadata }).slice(1, -1)
  return `  await emulator.trigger({ ${fields}${uris} })\n  await emulator.settled()`
}

function toExpected({ eventType, state, attempts }: DeliverySnapshot): string {
  return `    ${toSource([eventType, state, attempts.at(-1)?.status ?? null])},`.replace(
    'null]',
    'undefined]',
  )
}

/** Writes a value as JavaScript in which nothing is hidden. */
function toSource(value: unknown): string {
  return printable(JSON.stringify(value))
}
