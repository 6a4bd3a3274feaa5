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
