import { createReceiver } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { signedDelivery } from '@gwh/testing'
import { checkSample, useSample } from '@gwh-test/support'
import { useBrowser } from '@gwh-test/support/browser'
import { expect, test } from 'vitest'

const CRON_SECRET = crypto.randomUUID()
const options = {
  folder: new URL('..', import.meta.url),
  listening: /Ready in/,
  // Next.js ends with 128 and the number of the signal.
  exitCode: 143,
  env: () => ({
    CRON_SECRET,
    // Nothing may access the network, not even to check for a newer version.
    NEXT_TELEMETRY_DISABLED: '1',
    npm_config_registry: 'http://127.0.0.1:9',
    CI: '1',
  }),
}
const sample = useSample(options)
const open = useBrowser()

test('while nothing has arrived, the status page says so and what to do', async () => {
  const { page, warnings } = await open(sample().origin)
  expect(await page.title()).toBe('Gemini webhooks')
  const counts = await page.locator('ul li').allTextContents()
  expect(counts).toEqual(['0\npending', '0\nrunning', '0\nretrying', '0\ndone', '0\ndead'])
  expect(await page.getByText('Register /webhooks/gemini').isVisible()).toBe(true)
  expect(await page.getByText('None. Deliveries that cannot be parsed').isVisible()).toBe(true)
  expect(await page.getByText('redrive').isVisible()).toBe(false)
  expect(warnings).toEqual([])
})

checkSample(sample, options)

test('the status page counts what was handled', async () => {
  const { app, google, origin } = sample()
  const before = await countOf(origin, 'done')
  const { webhookId } = await google.announce('batch.succeeded', 'counted')
  await app.line(new RegExp(`^handled ${webhookId} `))
  // A handler has returned a moment before its delivery is completed.
  await expect.poll(() => countOf(origin, 'done')).toBe(before + 1)
  const { page, warnings } = await open(origin)
  expect(await page.locator('ul li.done').textContent()).toBe(`${before + 1}\ndone`)
  expect(await page.getByText('Register /webhooks/gemini').isVisible()).toBe(false)
  expect(warnings).toEqual([])
})

test.each([
  ['with', true],
  ['without', false],
])('a dead letter is listed with its details, as text, %s JavaScript', async (_, scripts) => {
  const { app, origin, secret, uri } = sample()
  const id = `msg_<img/src='x:'onerror='evil${scripts}()'>`
  const body = `{"<script>evil()</script>":"${'€'.repeat(500)}"`
  const { headers } = await signedDelivery({ secret, id, body })
  const before = await countOf(origin, 'dead')
  expect((await fetch(uri, { method: 'POST', headers, body })).status).toBe(200)
  await app.line(new RegExp(`^dead msg_<.*evil${scripts}`))
  await expect.poll(() => countOf(origin, 'dead')).toBe(before + 1)

  const { page, warnings } = await open(origin, { scripts })
  const letter = page.locator('ol li').filter({ hasText: id })
  expect(await letter.locator('b').textContent()).toBe(id)
  const [, when] = / payload_invalid · attempt 1 · (\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT)/.exec(
    (await letter.textContent())!,
  )!
  expect(Date.now() - Date.parse(when!)).toBeLessThan(60_000)
  expect(await letter.locator('pre').textContent()).toMatch(/^\{"<script>evil\(\)<\/script>":"€{100,125}/)
  expect(await page.locator('main').locator('img, script').count()).toBe(0)
  expect(await page.getByText('redrive').isVisible()).toBe(true)
  expect(await page.getByText('None. Deliveries that cannot be parsed').isVisible()).toBe(false)
  expect(warnings).toEqual([])
})

test('the status page fits a narrow screen', async () => {
  const { page } = await open(sample().origin)
  await page.setViewportSize({ width: 320, height: 640 })
  expect(await page.locator('ol li').count()).toBeGreaterThan(0)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
})

test('the cron handles deliveries that were left over, and requires the secret', async () => {
  const { app, database, origin, secret } = sample()
  const queue = createSqliteQueue({ path: database })
  const killed = createReceiver({ static: { secrets: secret }, queue })
  await killed.receive({ method: 'POST', ...(await signedDelivery({ secret, id: 'msg_left_over' })) })
  await queue.close()
  const call = (headers: Record<string, string> = {}) => fetch(`${origin}/cron/gemini`, { headers })
  expect((await call()).status).toBe(401)
  expect((await call({ authorization: 'Bearer another' })).status).toBe(401)
  expect(app.lines.filter((line) => line.startsWith('handled msg_left_over'))).toEqual([])
  const response = await call({ authorization: `Bearer ${CRON_SECRET}` })
  expect([response.status, await response.json()]).toEqual([200, { processed: 1 }])
  await app.line(/^handled msg_left_over /)
})

/** A count on the status page, from the HTML of the server. */
async function countOf(origin: string, state: string): Promise<number> {
  const html = await (await fetch(origin)).text()
  return Number(new RegExp(`>(\\d+)\n${state}<`).exec(html)![1])
}
