import { setImmediate as turn } from 'node:timers/promises'
import { GoogleGenAI } from '@google/genai'
import { startVirtualGoogle } from '@gwh-test/support/virtual-google'

const START_MS = Date.UTC(2026, 10, 21)
const JOBS = 100
const STEP_MS = 1000
const MINUTE_MS = 60000
/** Runs a contender until every job is handled. */
export async function measure({ name, start }) {
  const google = await startVirtualGoogle(START_MS)
  const requests = { states: 0, results: 0 }
  const purpose = { result: false }
  const ends = new Map()
  const delaysMs = []
  // The real time since the clock moved last: what a handler waits for beyond virtual time.
  let movedAt = performance.now()
  const callApi = async (input, init) => {
    const request = new Request(input, init)
    if (request.method === 'GET') requests[purpose.result ? 'results' : 'states']++
    return await google.emulator.fetch(request)
  }
  const deps = {
    google,
    client: new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: 'http://127.0.0.1', fetch: callApi } }),
    purpose,
    startJobs: async (webhook) => {
      const names = []
      for (let n = 0; n < JOBS; n++) {
        const job = plan(n)
        const created = await google.create(job, webhook)
        ends.set(created, START_MS + job.afterMs)
        names.push(created)
      }
      return names
    },
    handled: (job) =>
      delaysMs.push(google.emulator.clock.now() - ends.get(job) + performance.now() - movedAt),
  }
  const { tick, stop } = await start(deps)
  while (delaysMs.length < JOBS) {
    movedAt = performance.now()
    await google.emulator.clock.advance(STEP_MS)
    await turn()
    await tick(google.emulator.clock.now())
  }
  await stop()
  await google.close()
  return { name, ...requests, delaysMs }
}
/** The same jobs for each contender: durations spread evenly, in a fixed order that is not sorted. */
function plan(n) {
  const kind = ['batch', 'interaction', 'video'][n % 3]
  const spread = ((n * 37) % JOBS) / (JOBS - 1)
  // Not whole seconds, so that no poller hits the end of a job by chance.
  return { n, kind, afterMs: Math.round(MINUTE_MS + spread * 59 * MINUTE_MS) + ((n * 617) % 30000) }
}
