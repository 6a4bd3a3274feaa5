import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { violationsOf } from './accessibility.ts'
import { goTo, press, takePicture, useInspector, VIEWPORTS } from './pages.ts'
import { OTHER_SECRET, startWorld, type World } from './world.ts'

const open = useInspector()

/** How to get to each screen from the list of deliveries. */
const SCREENS: Record<string, (page: Page) => Promise<unknown>> = {
  deliveries: async () => {},
  failed: (page) => page.getByRole('link', { name: 'interaction.completed' }).click(),
  delivered: (page) => page.getByRole('link', { name: 'video.generated' }).click(),
  edit: async (page) => {
    await page.getByRole('link', { name: 'video.generated' }).click()
    await press(page, 'Edit and resend')
  },
  compare: async (page) => {
    await page.getByRole('link', { name: 'interaction.completed' }).click()
    await press(page, 'Compare')
    const other = page.getByLabel('B: delivery').getByRole('option', { name: /video\.generated/ })
    await page.getByLabel('B: delivery').selectOption(await other.getAttribute('value'))
    await page.getByRole('rowheader', { name: '≠ Event' }).waitFor()
    await page.getByLabel('Show what is equal').check()
  },
  jobs: (page) => goTo(page, 'Jobs'),
  job: async (page) => {
    await goTo(page, 'Jobs')
    await page.getByRole('link', { name: /^batches\// }).click()
    await page.getByRole('heading', { name: 'Result' }).waitFor()
  },
  webhooks: async (page) => {
    await goTo(page, 'Webhooks')
    await press(page, 'Rotate')
    await page.locator('[data-secret]').waitFor()
    await press(page, 'Delete')
  },
  send: (page) => goTo(page, 'Send'),
  clock: (page) => goTo(page, 'Clock and faults'),
  queue: async (page) => {
    await goTo(page, 'Queue')
    await page.getByText('Details').first().click()
    await press(page, 'Purge')
  },
  setup: (page) => goTo(page, 'Setup'),
}

/** An emulator with something on every screen. */
async function busyWorld(): Promise<World> {
  const world = await startWorld({ jobs: { batchMs: 1 } })
  const requests = [{ request: { contents: [{ parts: [{ text: 'Why is the sky blue?' }] }] } }]
  await fetch(`${world.url}/v1beta/models/gemini-3.8-flash:batchGenerateContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
    body: JSON.stringify({ batch: { inputConfig: { requests: { requests } } } }),
  })
  await world.emulator.settled()
  const userMetadata = { job_group: 'nightly-eval', customer: 7 }
  await world.emulator.trigger({
    type: 'video.generated',
    data: { id: 'models/veo/operations/1' },
    userMetadata,
  })
  await world.emulator.trigger({ type: 'batch.failed', data: { id: 'batches/dead', error_code: 'INTERNAL' } })
  await world.emulator.idle()
  world.useSecret(OTHER_SECRET)
  await world.emulator.trigger({ type: 'interaction.completed', data: { id: 'v1_failing' } })
  await world.emulator.idle()
  await world.emulator.clock.advance(10_000)
  world.emulator.faults.add({
    fault: 'stale_timestamp',
    match: { eventType: 'batch.*', share: 0.5 },
    times: 3,
  })
  return world
}

/** Whether the page is wider than its window: then it scrolls sideways. */
const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

for (const [device, viewport] of Object.entries(VIEWPORTS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every screen is accessible, and fits, on a ${device} in ${colorScheme} colours`, async () => {
      const world = await busyWorld()
      const { page, warnings } = await open(world, '', { viewport, colorScheme })
      for (const [name, go] of Object.entries(SCREENS)) {
        await goTo(page, 'Deliveries')
        await page.getByRole('link', { name: 'video.generated' }).waitFor()
        await go(page)
        await page.getByRole('heading', { level: 1 }).waitFor()
        // What the screen reads has arrived.
        await expect.poll(() => page.locator('main').textContent()).not.toBe('')
        expect(await violationsOf(page), name).toEqual([])
        expect(await overflow(page), name).toBe(0)
        await takePicture(page, `${name}-${device}-${colorScheme}`)
      }
      expect(warnings).toEqual([])
    }, 120_000)
  }
}

test('empty screens are accessible and name the command that fills them', async () => {
  const world = await startWorld()
  await fetch(`${world.url}/v1/webhooks?page_size=1`, { headers: { 'x-goog-api-key': 'any' } })
  const { page } = await open(world)
  for (const [screen, command] of [
    ['Deliveries', 'gwh trigger batch.succeeded'],
    ['Jobs', 'GOOGLE_GEMINI_BASE_URL='],
    ['Queue', 'No dead letters'],
  ] as const) {
    await goTo(page, screen)
    await page.getByText(command).waitFor()
    expect(await violationsOf(page), screen).toEqual([])
    await takePicture(page, `empty-${screen.toLowerCase()}`)
  }
})
