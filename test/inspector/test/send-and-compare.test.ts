import { expect, test } from 'vitest'
import { press, useInspector } from './pages.ts'
import { startWorld } from './world.ts'

const open = useInspector()

const BATCH = { type: 'batch.succeeded', data: { id: 'batches/x' } }

test('send many events at a pace, each with a job of its own, and stop', async () => {
  const world = await startWorld()
  const { page, warnings } = await open(world, 'Send')
  await page.getByLabel('How many').fill('3')
  await press(page, 'Send')
  await page.getByText('Sent 3 events to one endpoint.').waitFor()
  const handled = ['1', '2', '3'].map((number) => `batch.succeeded batches/demo-${number}`)
  await expect.poll(() => [...world.handled].sort()).toEqual(handled)
  expect(await page.getByRole('list', { name: 'Sent deliveries' }).getByRole('link').count()).toBe(3)
  await page.getByLabel('How many').fill('1000')
  await page.getByLabel('Per second').fill('5')
  await press(page, 'Send')
  await page.getByText(/^[1-9]\d* of 1000 sent$/).waitFor()
  await press(page, 'Stop')
  await page.getByText(/Stopped after \d+ of 1000 events/).waitFor()
  await page.getByLabel('How many').fill('1.5')
  await press(page, 'Send')
  await page.getByText('How many: a whole number above 0, at most 1000, is needed.').waitFor()
  expect(warnings).toEqual([])
})

test('compare two attempts of a delivery, then two deliveries', async () => {
  // The replay is the only retry.
  const world = await startWorld({ retry: { scheduleMs: [0, 3_600_000] } })
  world.emulator.faults.add({ fault: 'tampered_body', times: 1 })
  await world.emulator.trigger({ ...BATCH, userMetadata: { run: 1 } })
  await world.emulator.idle()
  await world.emulator.trigger({ type: 'video.generated', data: { id: 'v1', file_name: 'files/v1' } })
  await world.emulator.idle()
  const { page, warnings } = await open(world)
  await page.getByRole('link', { name: 'batch.succeeded' }).click()
  // Attempts within one second have the same signature.
  await world.emulator.clock.advance(1_000)
  await press(page, 'Replay')
  await page.getByRole('heading', { name: 'batch.succeeded delivered' }).waitFor()
  await press(page, 'Compare')
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
  await expect.poll(() => row('≠ Outcome').textContent()).toContain('401200')
  await page.getByRole('rowheader', { name: '≠ webhook-signature' }).waitFor()
  expect(await page.getByRole('rowheader', { name: 'webhook-id' }).count()).toBe(0)
  await page.getByLabel('Show what is equal').check()
  expect(await page.getByRole('rowheader', { name: '= webhook-id' }).count()).toBe(2)
  // The fault changed the body of the first attempt only.
  await page.getByRole('region', { name: 'Bodies, line by line' }).locator('del').first().waitFor()
  const other = page.getByLabel('B: delivery').getByRole('option', { name: /video\.generated/ })
  await page.getByLabel('B: delivery').focus()
  await page.getByLabel('B: delivery').selectOption(await other.getAttribute('value'))
  await expect.poll(() => row('≠ Event').textContent()).toContain('batch.succeededvideo.generated')
  await page.locator('ins', { hasText: '"file_name": "files/v1"' }).waitFor()
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SELECT')
  await page.reload()
  await expect.poll(() => row('≠ Event').textContent()).toContain('batch.succeededvideo.generated')
  expect(warnings).toEqual([])
})
