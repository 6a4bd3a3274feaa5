import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { PermanentError } from '@gwh/core'
import { createMemoryQueue, type DeliveryQueue } from '@gwh/core/queue'
import { createDashboard } from '@gwh/inspector'
import { queuedDelivery } from '@gwh/testing'
import { useBrowser } from '@gwh-test/support/browser'
import { getRequestListener } from '@hono/node-server'
import { expect, onTestFinished, test } from 'vitest'
import { violationsOf } from './accessibility.ts'
import { HOSTILE } from './hostile-texts.ts'
import { press, takePicture, VIEWPORTS } from './pages.ts'

const open = useBrowser()
const COOKIE = { name: 'admin', value: '1' }

/** A dashboard at `/admin`, for those who have the cookie. */
async function serveDashboard(queue: DeliveryQueue): Promise<string> {
  const authorize = (request: Request) => (request.headers.get('cookie') ?? '').includes('admin=1')
  const dashboard = createDashboard({ queue, authorize, basePath: '/admin' })
  const server = createServer(getRequestListener(dashboard))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function deadQueue(count: number): Promise<DeliveryQueue> {
  const queue = createMemoryQueue()
  for (let index = 0; index < count; index += 1) {
    await queue.enqueue({ ...queuedDelivery(), key: `key-${index}`, id: `msg_${index}`, receivedAt: index })
  }
  await queue.drain(async ({ id }) => {
    throw new PermanentError(`<b>no customer</b> for ${id}`)
  })
  return queue
}

test('a dashboard over a queue: read why a delivery is dead, redrive it, redrive all', async () => {
  const queue = await deadQueue(60)
  const origin = await serveDashboard(queue)
  const { page: refused } = await open(`${origin}/admin`, { waitUntil: 'load' })
  expect(await refused.textContent('body')).toContain('You may not use this dashboard')
  await refused.context().addCookies([{ ...COOKIE, url: origin }])
  const { page, warnings } = await open(`${origin}/admin`, { waitUntil: 'load', viewport: VIEWPORTS.phone })
  await page.getByText('<b>no customer</b> for msg_59').first().waitFor()
  expect(await page.locator('.entries > li').count()).toBe(50)
  expect(await violationsOf(page)).toEqual([])
  await press(page, 'Older')
  await page.getByText('msg_0', { exact: true }).waitFor()
  expect(await page.locator('.entries > li').count()).toBe(10)
  await press(page, 'Newer')
  await press(page, 'Redrive')
  await page.getByText('Redriven.').waitFor()
  expect((await queue.stats()).pending).toBe(1)
  await press(page, 'Redrive all')
  await press(page, 'Yes')
  await page.getByText('No dead letters').waitFor()
  expect(await queue.stats()).toMatchObject({ dead: 0, pending: 60 })
  expect(warnings).toEqual([])
})

test('what changes in the queue appears by itself', async () => {
  const queue = createMemoryQueue()
  const origin = await serveDashboard(queue)
  const { page: blank } = await open('about:blank')
  await blank.context().addCookies([{ ...COOKIE, url: origin }])
  const { page } = await open(`${origin}/admin`, { waitUntil: 'load' })
  await page.getByText('No dead letters').waitFor()
  await queue.enqueue(queuedDelivery())
  await page.getByRole('button', { name: '1 pending' }).waitFor()
})

test('the page stays below 60 KB, script and stylesheet, gzipped', async () => {
  const dashboard = createDashboard({ queue: createMemoryQueue(), authorize: () => true })
  const parts = ['/', '/inspector.js', '/inspector.css', '/inspector.svg'].map(async (path) => {
    const response = await dashboard(new Request(`http://localhost${path}`))
    expect(response.status, 'build @gwh/inspector first').toBe(200)
    return gzipSync(new Uint8Array(await response.arrayBuffer())).length
  })
  const bytes = (await Promise.all(parts)).reduce((sum, size) => sum + size, 0)
  console.log(`the page: ${bytes} bytes, gzipped`)
  expect(bytes).toBeLessThan(60 * 1024)
})

test('a dashboard is accessible in every size and colour', async () => {
  const origin = await serveDashboard(await deadQueue(3))
  const { page: blank } = await open('about:blank')
  await blank.context().addCookies([{ ...COOKIE, url: origin }])
  for (const [device, viewport] of Object.entries(VIEWPORTS)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(`${origin}/admin`, { waitUntil: 'load', viewport, colorScheme })
      await page.getByText('Details').first().click()
      expect(await violationsOf(page), `${device} ${colorScheme}`).toEqual([])
      await takePicture(page, `dashboard-${device}-${colorScheme}`)
    }
  }
})

test('hostile texts in keys, bodies and errors are shown as text and execute nothing', async () => {
  const queue = createMemoryQueue()
  for (const [index, text] of HOSTILE.entries()) {
    const event = { type: text, timestamp: '2026-01-01T00:00:00Z', data: { id: text, [text]: text } }
    const bodies = [JSON.stringify(event), `{"type": ${text}`]
    for (const [which, body] of bodies.entries()) {
      const message = { ...queuedDelivery(), endpoint: text, body: new TextEncoder().encode(body) }
      await queue.enqueue({ ...message, key: `${index}-${which}-${text}`, id: `${text}-${which}` })
    }
  }
  await queue.drain(
    async ({ id }) => {
      throw Object.assign(new PermanentError(id), { name: id, code: id })
    },
    { recordStacks: true },
  )
  const origin = await serveDashboard(queue)
  const { page: blank } = await open('about:blank')
  await blank.context().addCookies([{ ...COOKIE, url: origin }])
  const { page, warnings } = await open(`${origin}/admin`, { waitUntil: 'load', viewport: VIEWPORTS.phone })
  await expect.poll(() => page.locator('.entries > li').count()).toBe(2 * HOSTILE.length)
  for (const details of await page.locator('details > summary').all()) await details.click()
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await page.locator('img, iframe, svg, script:not([src])').count()).toBe(0)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(VIEWPORTS.phone.width)
  // A key with anything in it can be acted upon.
  await press(page, 'Redrive')
  await page.getByText('Redriven.').waitFor()
  expect(warnings).toEqual([])
})
