// The main job, offline: a real Gemini client creates jobs, Google's side (emulated) announces their end with
// signed deliveries, a receiver verifies, stores, acknowledges and handles them. Nothing is polled.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import { createEmulator, type EmulatorSignal } from '@gwh/emulator'
import { freePort } from '@gwh/testing'
import { createBatch, createFileBatch, createInteraction, createVideo, ownWebhook } from './jobs.ts'
import { loseFirstAnswer } from './lost-answer.ts'
import { end, startReceiver } from './receiver-process.ts'
import type { Effect, Report } from './report.ts'
import { createTimeline, paint, shorten } from './timeline.ts'

const EXPECTED_JOBS = 4
const GIVE_UP_MS = 60_000
const DEFAULT_PORT = 8787

const once = process.argv.includes('--once') || process.env.CI === 'true' || !process.stdout.isTTY
const folder = mkdtempSync(join(tmpdir(), 'gwh-demo-'))
const results = join(folder, 'results.ndjson')
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const timeline = createTimeline(console.log)
// Resolves when every event is handled and acknowledged.
const over = Promise.withResolvers<void>()
const counts = { handled: 0, acknowledged: 0 }

console.log(
  paint(
    'bold',
    '\ngwh demo: Gemini jobs, signed webhooks, durable handlers. No account, no network, no polling.\n',
  ),
)

const emulator = createEmulator({
  retry: { scheduleMs: [0, 700, 1_500, 3_000, 10_000, 30_000, 60_000, 120_000, 300_000] },
  fetch: loseFirstAnswer('dynamic', (text) => timeline.say('demo', text)),
  observer: onSignal,
  ...(process.env.GWH_CONTROL_TOKEN && { controlToken: process.env.GWH_CONTROL_TOKEN }),
})
const { url: baseUrl } = await listen(once ? 0 : Number(process.env.PORT ?? DEFAULT_PORT))
process.env.GOOGLE_GEMINI_BASE_URL = baseUrl
process.env.GEMINI_API_KEY ??= 'demo-key'
// Users of Google Cloud may have these set; the client would then use Vertex AI.
delete process.env.GOOGLE_GENAI_USE_VERTEXAI
delete process.env.GOOGLE_GENAI_USE_ENTERPRISE
timeline.say('google', `emulated at ${baseUrl}`)

// The client is @google/genai as it comes from npm: the environment alone points it at the emulator.
const client = new GoogleGenAI({})
const port = await freePort()
const uri = `http://127.0.0.1:${port}/webhooks/gemini`
const webhook = await client.webhooks.create({
  name: 'demo',
  uri,
  subscribed_events: ['batch.succeeded', 'batch.failed'],
})
timeline.say('client', `webhooks.create: static webhook for batch events`)
const jobKey = crypto.randomUUID()
const secret = webhook.new_signing_secret ?? ''
const receiver = await startReceiver(
  {
    GEMINI_WEBHOOK_SECRET: secret,
    GWH_JOB_KEY: jobKey,
    DATABASE: join(folder, 'deliveries.db'),
    RESULTS: results,
    PORT: String(port),
  },
  onReport,
)

const say = (id: string, text: string) => {
  timeline.say('client', `${text}  ${shorten(id)}`)
  return id
}
const own = await ownWebhook(uri, jobKey)
const jobs = [
  say(
    await createBatch(client, ['Name a prime number.', 'Name another one.']),
    'batches.create with two requests: the static webhook will tell',
  ),
  say(
    await createFileBatch(client, ['Name a planet.', 'Name a moon.', 'Name a star.']),
    'files.upload, batches.create with a file of three requests',
  ),
  say(
    await createInteraction(client, 'Tell a short joke.', own),
    'interactions.create in the background, with a webhook_config of its own',
  ),
  say(await createVideo(baseUrl, 'A cat reads a book.', own), 'a video job, with the same webhook_config'),
]

const inTime = await Promise.race([over.promise.then(() => true), giveUpLater()])
timeline.flush()
if (!inTime) console.log(`\n${paint('red', '✗')} not everything was handled within ${GIVE_UP_MS / 1000} s`)
const ok = inTime && report(readEffects(), jobs)
process.exitCode = ok ? 0 : 1
if (once || !ok) await close()
else await invite()

/** Starts the emulator, or ends the process with a message that says how to choose another port. */
async function listen(port: number): Promise<{ url: string }> {
  try {
    return await emulator.listen({ port })
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    const reason = cause?.code === 'EADDRINUSE' ? 'is in use, perhaps by another demo' : 'cannot be used'
    console.error(
      `Port ${process.env.PORT ?? port} ${reason}. PORT sets another one: PORT=${port + 1 || DEFAULT_PORT} npm run demo`,
    )
    return process.exit(1)
  }
}

function onReport(report: Report): void {
  timeline.receiver(report)
  if (report.type === 'handled') count('handled')
}

function onSignal(signal: EmulatorSignal): void {
  timeline.google(signal)
  if (signal.type === 'delivery_acked') count('acknowledged')
}

function count(what: keyof typeof counts): void {
  counts[what]++
  if (Math.min(counts.handled, counts.acknowledged) === EXPECTED_JOBS) over.resolve()
}

function giveUpLater(): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), GIVE_UP_MS).unref())
}

function readEffects(): Effect[] {
  const lines = readFileSync(results, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Effect)
}

/** Exactly one effect per job and no others, counted in the file that the handlers wrote. */
function report(effects: Effect[], jobs: readonly string[]): boolean {
  const counts = jobs.map((job) => effects.filter((effect) => effect.job === job).length)
  const exactlyOnce = counts.every((count) => count === 1) && effects.length === jobs.length
  const attempts = emulator.deliveries().reduce((sum, delivery) => sum + delivery.attempts.length, 0)
  const verdict = `${effects.length} effects of ${jobs.length} jobs, ${attempts} delivery attempts, nothing polled`
  console.log(`\n${exactlyOnce ? paint('green', '✓') : paint('red', '✗')} ${verdict}`)
  return exactlyOnce
}

async function invite(): Promise<void> {
  // Deliveries from now on are meant for another receiver.
  await client.webhooks.delete(webhook.id ?? '')
  await end(receiver)
  console.log(`
Google's side keeps running at ${baseUrl}. Try it with your own receiver, in another terminal:

  # 1. register its URL; the answer holds the signing secret for GEMINI_WEBHOOK_SECRET
  curl ${baseUrl}/v1/webhooks -H 'x-goog-api-key: any' -H 'content-type: application/json' \\
    -d '{"uri":"http://127.0.0.1:3000/webhooks/gemini","subscribed_events":["batch.succeeded"]}'

  # 2. have an event delivered, signed; or create jobs with your own client and this in its environment:
  #    GOOGLE_GEMINI_BASE_URL=${baseUrl} GEMINI_API_KEY=any
  #    (dynamic webhooks: dynamic: { jwks: '${baseUrl}/.well-known/jwks.json', … })
  export GWH_CONTROL_TOKEN=${emulator.controlToken}
  curl ${baseUrl}/_gwh/trigger -H 'content-type: application/json' \\
    -H "authorization: Bearer $GWH_CONTROL_TOKEN" \\
    -d '{"type":"batch.succeeded","data":{"id":"batches/mine"}}'

Ctrl-C ends it.`)
  process.once('SIGINT', close)
  process.once('SIGTERM', close)
}

async function close(): Promise<void> {
  await end(receiver)
  await emulator.close()
}
