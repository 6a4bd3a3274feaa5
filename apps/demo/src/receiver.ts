// The part a user would write: verify, store on disk, acknowledge, handle, fetch the result. It runs in a separate
// process and reports to the demo what it does, so that both sides share one timeline.
import { appendFileSync } from 'node:fs'
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { fetchResult } from '@gwh/genai'
import { serve } from '@gwh/node'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { exactTime, type ReportedEvent } from './report.ts'

const { GEMINI_WEBHOOK_SECRET, GWH_JOB_KEY, GOOGLE_GEMINI_BASE_URL, DATABASE, RESULTS, PORT } = process.env
const client = new GoogleGenAI({})
const tell = (event: ReportedEvent) => process.connected && process.send?.({ at: exactTime(), ...event })

const receiver = createReceiver({
  static: { secrets: GEMINI_WEBHOOK_SECRET ?? '' },
  dynamic: {
    jobKey: GWH_JOB_KEY ?? '',
    jwks: new URL('/.well-known/jwks.json', GOOGLE_GEMINI_BASE_URL),
  },
  queue: createSqliteQueue({ path: DATABASE ?? 'demo.db' }),
  observer: (signal) => {
    if ('delivery' in signal) tell({ type: signal.type, ...signal.delivery })
    else if (signal.type === 'refused') tell({ type: 'refused', code: signal.code })
    else if (signal.type === 'fault') tell({ type: 'fault', code: signal.code })
  },
})

receiver
  .on('batch.succeeded', async (event, { key, delivery }) => {
    const answers: string[] = []
    for await (const row of await fetchResult(event, { client })) answers.push(textOf(row.response))
    keep(key, delivery.id, event.id, answers.join(' · '))
  })
  .on('interaction.completed', async (event, { key, delivery }) => {
    const result = await fetchResult(event, { client })
    keep(key, delivery.id, event.id, result.kind === 'interaction' ? (result.text ?? '') : result.kind)
  })
  .on('video.generated', async (event, { key, delivery }) => {
    const video = await fetchResult(event, { client })
    keep(key, delivery.id, event.id, `a video of ${(await video.bytes()).byteLength} bytes`)
  })

function textOf(response: object | undefined): string {
  return (response as GenerateContentResponse | undefined)?.candidates?.[0]?.content?.parts?.[0]?.text ?? ''
}

/** The effect: one line in a file, which the demo counts at the end. */
function keep(key: string, id: string, job: string | undefined, text: string): void {
  appendFileSync(RESULTS ?? 'results.ndjson', `${JSON.stringify({ key, id, job, text })}\n`)
  tell({ type: 'result', id, text })
}

const { url } = await serve(receiver, {
  hostname: '127.0.0.1',
  port: Number(PORT ?? 3000),
  path: '/webhooks/gemini',
  // Short, so that deliveries of a killed process are handled again soon after a restart.
  work: { leaseMs: 3_000 },
})
tell({ type: 'listening', url })
