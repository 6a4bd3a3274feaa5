import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { clipboardOf, goTo, press, useInspector } from './pages.ts'
import { OTHER_SECRET, SECRET, startWorld } from './world.ts'

const open = useInspector()

const BATCH = { type: 'batch.succeeded', data: { id: 'batches/x' } }

test('the one-time URL opens the page, leaves no ticket behind, and works once', async () => {
  const world = await startWorld()
  const { page, warnings } = await open(world)
  expect(page.url()).toBe(`${world.url}/`)
  await page.getByText('Nothing was delivered yet.').waitFor()
  // The session is the browser's: a reload keeps it.
  await page.reload()
  await page.getByRole('navigation').waitFor()
  expect(await page.content()).not.toContain(world.emulator.controlToken)
  expect(warnings).toEqual([])
})

test('without a session the page says how to get one, also when its emulator has ended', async () => {
  const world = await startWorld()
  const { page } = await open(world)
  await page.evaluate(() => localStorage.setItem('gwh-session', 'x'.repeat(32)))
  await page.reload()
  await page.getByText('This browser has no session').waitFor()
  expect(await page.evaluate(() => localStorage.getItem('gwh-session'))).toBe(null)
  expect(await page.getByText('gwh page', { exact: true }).isVisible()).toBe(true)
})

test('find the failed delivery, see why, fix the receiver, replay', async () => {
  const world = await startWorld()
  // No retry comes before the page asks for one.
  world.emulator.clock.pause()
  await world.emulator.trigger({ type: 'video.generated', data: { id: 'fine' } })
  world.useSecret(OTHER_SECRET)
  await world.emulator.trigger(BATCH)
  await world.emulator.idle()
  const { page, warnings } = await open(world)
  await page.getByLabel('State').selectOption('pending')
  await page.getByLabel('Search').fill('batches/x')
  await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
  await page.getByRole('link', { name: 'batch.succeeded' }).click()
  await page.getByText('Compare its secret with the one of this webhook').waitFor()
  await page.getByText('A signature matches').waitFor()
  expect(
    await page.getByText('{"error":"unauthorized"}').or(page.getByText('unauthorized')).first().isVisible(),
  ).toBe(true)
  world.useSecret(SECRET)
  await press(page, 'Replay')
  await page.getByRole('heading', { name: 'batch.succeeded delivered' }).waitFor()
  await expect.poll(() => world.handled).toContain('batch.succeeded batches/x')
  expect(await page.locator('.timeline li').count()).toBe(2)
  expect(warnings).toEqual([])
})

test('what happens appears without a reload', async () => {
  const world = await startWorld()
  const { page } = await open(world)
  await page.getByText('Nothing was delivered yet.').waitFor()
  await world.emulator.trigger(BATCH)
  await page.getByRole('link', { name: 'batch.succeeded' }).waitFor()
  await page.getByText('delivered', { exact: true }).last().waitFor()
})

test('rotate a secret: it is masked, shown on request, and the receiver accepts it', async () => {
  const world = await startWorld()
  const { page } = await open(world, 'Webhooks')
  await page.getByLabel('New secret').selectOption('revoke_previous_secrets_immediately')
  await press(page, 'Rotate')
  const shown = page.locator('[data-secret]')
  expect(await shown.textContent()).toMatch(/^whsec_•+$/)
  await press(page, 'Copy')
  await press(page, 'Show')
  const secret = (await shown.textContent())!
  expect(secret).toMatch(/^whsec_[\w+/=]{32,}$/)
  expect(await clipboardOf(page)).toBe(secret)
  await press(page, 'Done')
  expect(await page.content()).not.toContain(secret)
  world.useSecret(secret)
  await press(page, 'Ping')
  await goTo(page, 'Deliveries')
  await page.locator('tbody tr', { hasText: 'ping' }).getByText('delivered').waitFor()
})

test('advance 24 h: a delivery that keeps failing is given up', async () => {
  const world = await startWorld({ retry: { jitter: 0 } })
  world.useSecret(OTHER_SECRET)
  await world.emulator.trigger(BATCH)
  await world.emulator.idle()
  const { page } = await open(world, 'Clock and faults')
  await press(page, 'Advance 24 h')
  await page.getByText('The clock moved by 1 d.').waitFor()
  await goTo(page, 'Deliveries')
  await page.locator('tbody tr').getByText('given up').waitFor()
  expect(world.emulator.deliveries()[0]).toMatchObject({ state: 'exhausted' })
  expect(world.emulator.deliveries()[0]!.attempts.length).toBeGreaterThan(8)
})

test('redrive a dead letter, after reading why it is dead', async () => {
  const world = await startWorld()
  await world.emulator.trigger({ type: 'batch.failed', data: { id: 'batches/dead' } })
  const { page } = await open(world, 'Queue')
  await page.getByText('A handler said that a retry cannot succeed.').waitFor()
  await page.getByText('the customer of this batch no longer exists').first().waitFor()
  world.trouble.throws = false
  await press(page, 'Redrive')
  await page.getByText('No dead letters').waitFor()
  await expect.poll(() => world.handled).toEqual(['batch.failed batches/dead'])
  await press(page, /done/)
  await press(page, 'Replay')
  await expect.poll(() => world.handled.length).toBe(2)
})

test('create a webhook, disable it, enable it, delete it', async () => {
  const world = await startWorld()
  const { page } = await open(world, 'Webhooks')
  await page.getByLabel('URL').fill(`${world.uri}?second`)
  await page.getByLabel('Name').fill('second')
  await page.getByLabel('video.generated').uncheck()
  await press(page, 'Create')
  await page.getByText('It is shown this once').waitFor()
  const card = page.getByRole('region', { name: 'second' })
  await card.getByText('enabled').waitFor()
  expect(await card.textContent()).not.toContain('video.generated')
  await card.getByRole('button', { name: 'Disable' }).click()
  await card.getByText('disabled').waitFor()
  await card.getByRole('button', { name: 'Enable' }).click()
  await card.getByText('enabled').waitFor()
  await card.getByRole('button', { name: 'Delete' }).focus()
  await page.keyboard.press('Enter')
  // The focus is on the harmless answer, and goes back where it was.
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await expect.poll(focused).toBe('No')
  await page.keyboard.press('Enter')
  await expect.poll(focused).toBe('Delete')
  await page.keyboard.press('Enter')
  await card.getByRole('button', { name: 'Yes' }).click()
  await card.waitFor({ state: 'detached' })
})

test('send a dynamic event that goes wrong, and see in its signature what is wrong', async () => {
  const world = await startWorld()
  const { page } = await open(world, 'Send')
  await page.getByLabel('Event').selectOption('batch.failed')
  await page.getByLabel('Error message').fill('from the page')
  await page.getByLabel('Metadata').fill('{"customer": 7}')
  await page.getByLabel('To', { exact: true }).selectOption('dynamic')
  await page.getByLabel('URL').fill(world.uri)
  await page.getByLabel('What goes wrong, once').selectOption('tampered_body')
  await press(page, 'Send')
  await page.getByText('Sent to one endpoint.').waitFor()
  await page.getByRole('link', { name: /^msg_/ }).click()
  await page.getByText('the body was changed on its way').waitFor()
  await page.getByText('Faults you injected: tampered body.').waitFor()
  await page.getByText('The body that was sent is another one').waitFor()
  await press(page, 'Advance the clock to it')
  await page.getByRole('heading', { name: 'batch.failed delivered' }).waitFor()
  const [delivery] = world.emulator.deliveries()
  expect(JSON.parse(delivery!.body)).toMatchObject({
    data: { error_message: 'from the page' },
    user_metadata: { customer: 7 },
  })
})

test('a form that is not right yet says what is wrong', async () => {
  const world = await startWorld()
  const { page } = await open(world, 'Send')
  await page.getByLabel('Metadata').fill('{"customer"')
  await press(page, 'Send')
  await page.getByText('Metadata: a JSON object is needed').waitFor()
  expect(world.emulator.deliveries()).toEqual([])
})

test('edit a delivery and send it again', async () => {
  const world = await startWorld()
  await world.emulator.trigger(BATCH)
  await world.emulator.idle()
  const { page } = await open(world)
  await page.getByRole('link', { name: 'batch.succeeded' }).click()
  await press(page, 'Edit and resend')
  const event = page.getByLabel('Event')
  await expect.poll(() => event.inputValue()).toContain('batches/x')
  await event.fill('{"type": "batch.expired", "data": {"id": "batches/edited"}}')
  await press(page, 'Send')
  await page.getByRole('heading', { name: 'batch.expired delivered' }).waitFor()
  await expect.poll(() => world.handled).toContain('batch.expired batches/edited')
})

test('a copied curl command reaches the receiver, and a copied test names what was answered', async () => {
  const world = await startWorld()
  const data = { id: "batches/it's $(touch /tmp/gwh-no) `x` @file" }
  await world.emulator.trigger({ ...BATCH, data })
  await world.emulator.idle()
  const { page } = await open(world)
  await page.getByRole('link', { name: 'batch.succeeded' }).click()
  await press(page, 'Copy as curl')
  await page.getByText('curl copied').waitFor()
  const command = await clipboardOf(page)
  // In a process of its own, so that the receiver in this one can answer meanwhile.
  const { execFile } = await import('node:child_process')
  const answer = await new Promise<string>((resolve, reject) =>
    execFile('bash', ['-c', `${command} -sS`], (error, stdout) => (error ? reject(error) : resolve(stdout))),
  )
  expect(JSON.parse(answer)).toEqual({ status: 'duplicate' })
  expect(spawnSync('test', ['-e', '/tmp/gwh-no']).status).toBe(1)
  await press(page, 'Copy as test')
  await page.getByText('Test copied').waitFor()
  expect(await clipboardOf(page)).toContain('["batch.succeeded","acked",200]')
  await press(page, 'Copy as gwh trigger')
  await page.getByText('gwh trigger copied').waitFor()
  expect(await clipboardOf(page)).toMatch(/^gwh trigger batch\.succeeded --data '/)
})

test('watch a job, end it as failed, and follow its delivery', async () => {
  const world = await startWorld({ jobs: { batchMs: 3_600_000 } })
  const inlined = { requests: [{ request: { contents: [{ parts: [{ text: 'Why is the sky blue?' }] }] } }] }
  const created = await fetch(`${world.url}/v1beta/models/gemini-3.8-flash:batchGenerateContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'any', 'content-type': 'application/json' },
    body: JSON.stringify({ batch: { inputConfig: { requests: inlined } } }),
  })
  expect(created.status).toBe(200)
  const { page } = await open(world, 'Jobs')
  await page.getByRole('link', { name: /^batches\// }).click()
  await page.getByText('Why is the sky blue?').waitFor()
  await page.getByLabel('End it now as').selectOption('failed')
  await press(page, 'End')
  await page.getByText('Error 13').waitFor()
  await page.getByRole('link', { name: 'batch.failed' }).click()
  await page.getByRole('heading', { name: 'batch.failed delivered' }).waitFor()
})

test('a fault of the webhook API leaves the page alone', async () => {
  const world = await startWorld()
  world.emulator.faults.add({ fault: { type: 'api_error', status: 503 } })
  const { page } = await open(world, 'Webhooks')
  const card = page.getByRole('region', { name: 'receiver' })
  await card.waitFor()
  await card.getByRole('button', { name: 'Disable' }).click()
  await card.getByText('disabled').waitFor()
  await card.getByRole('button', { name: 'Enable' }).click()
  await card.getByText('enabled').waitFor()
  await card.getByRole('button', { name: 'Ping' }).click()
  await page.getByText('A ping is on its way.').waitFor()
  await card.getByRole('button', { name: 'Rotate' }).click()
  await page.getByText('The secret is rotated.').waitFor()
  await page.getByLabel('URL', { exact: true }).fill('http://127.0.0.1:9/other')
  await press(page, 'Create')
  await page.getByRole('region', { name: 'http://127.0.0.1:9/other' }).waitFor()
  expect(world.emulator.faults.list()).toMatchObject([{ used: 0 }])
})

test('add a fault, see it used, remove it; pause the clock and let it run', async () => {
  const world = await startWorld()
  const { page } = await open(world, 'Clock and faults')
  await page.getByLabel('Fault', { exact: true }).selectOption('drop')
  await page.getByLabel('Times').fill('')
  await press(page, 'Add')
  await page.getByText('used 0 times').waitFor()
  await world.emulator.trigger(BATCH)
  await page.getByText('used 1 times').waitFor()
  await press(page, 'Remove lost on its way')
  await page.getByText('None is injected.').waitFor()
  await press(page, 'Pause')
  await page.getByText('The clock is paused.').waitFor()
  await press(page, 'Let it run')
  await page.getByText('The clock runs.').waitFor()
})

test('everything is reached by keyboard: skip the navigation, open a delivery, choose a tab', async () => {
  const world = await startWorld()
  await world.emulator.trigger(BATCH)
  await world.emulator.idle()
  const { page } = await open(world)
  const link = page.getByRole('link', { name: 'batch.succeeded' })
  await link.waitFor()
  await page.keyboard.press('Tab')
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Skip to')
  await page.keyboard.press('Enter')
  for (let tab = 0; tab < 12; tab += 1) {
    await page.keyboard.press('Tab')
    if (await link.evaluate((element) => element === document.activeElement)) break
  }
  await page.keyboard.press('Enter')
  const pretty = page.getByRole('tab', { name: 'Pretty' })
  await pretty.focus()
  await page.keyboard.press('ArrowLeft')
  await page.getByRole('region', { name: 'the bytes of the body' }).waitFor()
  expect(await page.getByRole('tab', { name: 'Bytes' }).getAttribute('aria-selected')).toBe('true')
  expect(await page.getByText('0000  7b 22').isVisible()).toBe(true)
})
