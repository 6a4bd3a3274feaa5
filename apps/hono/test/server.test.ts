import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GoogleGenAI } from '@google/genai'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { signedDelivery } from '@gwh/testing'
import { checkSample, startProcess, useSample } from '@gwh-test/support'
import { expect, test } from 'vitest'

const jobKey = crypto.randomUUID()
const options = {
  folder: new URL('..', import.meta.url),
  redis: true,
  env: ({ url }: { url: string }) => ({ GWH_JOB_KEY: jobKey, GWH_JWKS_URL: `${url}/.well-known/jwks.json` }),
}
const sample = useSample(options)

checkSample(sample, options)

test('the other routes of the app have their bodies parsed', async () => {
  const response = await fetch(`${sample().origin}/prompts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"prompt":"Hello"}',
  })
  expect(await response.json()).toEqual({ received: 'Hello' })
})

test('without its job key it says which variable to set, and exits', async () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', options.folder), 'utf8'))
  const env = { GEMINI_WEBHOOK_SECRET: sample().secret }
  const app = startProcess(scripts.start, fileURLToPath(options.folder), env)
  expect(await app.end).toBe(1)
  expect(app.lines).toHaveLength(1)
  expect(app.lines[0]).toMatch(/^Set GWH_JOB_KEY /)
})

test('what one machine has handled is a duplicate on another', async () => {
  const { secret, uri, startAnother } = sample()
  const another = await startAnother()
  const { headers, body } = await signedDelivery({ secret, id: 'msg_shared' })
  const send = (to: string) => fetch(to, { method: 'POST', headers, body: body.slice() })
  expect(await (await send(uri)).json()).toEqual({ status: 'accepted' })
  expect(await (await send(another.uri)).json()).toEqual({ status: 'duplicate' })
  expect(another.app.lines).toContain('duplicate msg_shared')
  expect(another.app.lines.filter((line) => /^(batch done|handled)/.test(line))).toEqual([])
})

/** Runs a background job whose end is announced here; resolves to the job and its delivery. */
async function runJob(metadata: Record<string, string>) {
  const { google, uri } = sample()
  const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: google.url } })
  const { id } = await client.interactions.create({
    model: 'gemini-3.8-flash',
    input: 'Tell a short joke.',
    background: true,
    webhook_config: { uris: [uri], user_metadata: metadata },
  })
  await google.emulator.clock.advance(0)
  await google.emulator.idle()
  return { id, delivery: google.emulator.deliveries().find(({ jobId }) => jobId === id)! }
}

test('the end of one of our jobs is announced by a dynamic webhook, and handled', async () => {
  const { id, delivery } = await runJob({ [JOB_TOKEN_FIELD]: await createJobToken({ jobKey }) })
  expect(delivery.scheme).toBe('dynamic')
  expect(delivery.attempts.map(({ status }) => status)).toEqual([200])
  expect(await sample().app.line(/^interaction done:/)).toBe(`interaction done: ${id}`)
})

test('the end of another customer’s job is refused with 403, and the log says why', async () => {
  const stranger = await createJobToken({ jobKey: crypto.randomUUID() })
  const { id, delivery } = await runJob({ [JOB_TOKEN_FIELD]: stranger })
  expect(delivery.attempts.map(({ status }) => status)).toEqual([403])
  const { app } = sample()
  await app.line(/^refused \S+ 403 job_unknown /)
  expect(app.lines).not.toContain(`interaction done: ${id}`)
  expect(app.lines.join('\n')).not.toContain(jobKey)
})
