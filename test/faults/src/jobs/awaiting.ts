// A service that awaits jobs, in a process of its own and on a clock that the scenario moves. Commands come as lines of
// JSON on standard input; each is answered with one line.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { GoogleGenAI } from '@google/genai'
import { createReceiver, type WebhookEvent } from '@gwh/core'
import type { JobLedger } from '@gwh/core/store'
import { createJobs, fetchResult, JobFailedError } from '@gwh/genai'
import { createNodeHandler } from '@gwh/node'
import { createSqliteLedger, createSqliteQueue } from '@gwh/store-sqlite'
import { createFakeClock } from '@gwh/testing'
import { AWAITING, type AwaitingSettings, type Command } from './commands.ts'

const settings = JSON.parse(process.env[AWAITING]!) as AwaitingSettings
const clock = createFakeClock(settings.now)
let busy = 0
const counted: typeof fetch = async (...request) => {
  busy++
  try {
    return await fetch(...request)
  } finally {
    busy--
  }
}
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: settings.google, fetch: counted } })
const setup = new DatabaseSync(settings.path)
setup.exec('CREATE TABLE IF NOT EXISTS ended (job TEXT NOT NULL, result TEXT NOT NULL)')
setup.close()
const receiver = createReceiver({
  dynamic: { allowAnyJob: true, jwks: settings.jwks },
  queue: createSqliteQueue({ path: settings.path, clock }),
  toleranceSeconds: 3600,
  clock,
  observer: () => {},
})
const jobs = createJobs({
  client,
  receiver,
  clock,
  // Requests take real time, in which this clock may move by minutes.
  lookupTimeoutMs: 24 * 3_600_000,
  ledger: mutate(createSqliteLedger({ path: settings.path, clock })),
  observer: (signal) => process.stdout.write(`${JSON.stringify(signal)}\n`),
})
receiver.on('*', async (event, { tx }) => {
  busy++
  try {
    const result = await describe(event)
    tx!((database) => void database.prepare('INSERT INTO ended VALUES (?, ?)').run(event.id!, result))
  } finally {
    busy--
  }
})
receiver.work({ leaseMs: 60_000 })

function mutate(ledger: JobLedger): JobLedger {
  if (settings.mutant === 'handles-twice') return { ...ledger, begin: async () => 'claimed' }
  if (settings.mutant !== 'settles-early') return ledger
  // A look-up that finds the probe `handled` emits nothing.
  const begin: JobLedger['begin'] = async (key, holder, deadlines) =>
    holder === 'look-up' ? 'handled' : await ledger.begin(key, holder, deadlines)
  return { ...ledger, begin }
}

/** The result as text, for comparison. */
async function describe(event: WebhookEvent): Promise<string> {
  try {
    const result = await fetchResult(event, { client })
    if (result.kind === 'interaction') return result.text ?? ''
    if (result.kind === 'video') return `video of ${(await result.bytes()).length > 0 ? 'some' : 'no'} bytes`
    if (result.kind === 'requires_action') return 'calls'
    const rows: string[] = []
    for await (const row of result)
      rows.push(row.error ? row.error.code : `${row.key} ${textOf(row.response)}`)
    return rows.join()
  } catch (error) {
    if (error instanceof JobFailedError) return error.reason
    throw error
  }
}

function textOf(response: object): unknown {
  const { candidates } = response as { candidates?: { content?: { parts?: { text?: string }[] } }[] }
  return candidates?.[0]?.content?.parts?.[0]?.text
}

const QUIET_TURNS = 5

/** Waits until nothing runs that real time needs for. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (busy > 0) quiet = 0
  }
}

async function obey(command: Command): Promise<void> {
  if (command.do === 'track') await jobs.track(command.name, { expectedMs: command.expectedMs })
  if (command.do === 'reconcile') await jobs.reconcile()
  if (command.do === 'advance') await clock.advance(command.ms)
  await settle()
}

const server = createServer(createNodeHandler(receiver))
server.listen(settings.port, '127.0.0.1', () => process.stdout.write('"done"\n'))
let last = Promise.resolve()
createInterface({ input: process.stdin }).on('line', (line) => {
  last = last.then(() => obey(JSON.parse(line) as Command)).then(() => void process.stdout.write('"done"\n'))
})
