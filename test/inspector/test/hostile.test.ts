import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HOSTILE } from './hostile-texts.ts'
import { useInspector } from './pages.ts'
import { startWorld, type World } from './world.ts'

const open = useInspector()

/** Puts the texts wherever one can get in: ids, types, data, metadata, names, URIs, headers, answers, and jobs. */
async function fill(world: World): Promise<void> {
  const { emulator, url } = world
  const headers = { 'x-goog-api-key': 'any', 'content-type': 'application/json' }
  for (const [index, text] of HOSTILE.entries()) {
    // The emulator refuses names, types and URIs with characters that cannot be shown.
    const shown = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    const uri = `${world.uri}?${index}=${encodeURI(text.toWellFormed()).slice(0, 2000)}#${shown.slice(0, 20)}`
    const userMetadata = { [text]: text, nested: [text] }
    const data = { id: text, [text]: text, error_message: text }
    await emulator.trigger({ type: 'batch.failed', data, userMetadata, uris: [uri] })
    await emulator.trigger({ type: shown, data, userMetadata, uris: [world.uri] })
    await fetch(`${url}/v1/webhooks`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name: shown, uri, subscribed_events: ['batch.expired'] }),
    })
    await fetch(
      `${url}/v1beta/models/${encodeURIComponent(text.slice(0, 100).toWellFormed())}:batchGenerateContent`,
      {
        method: 'POST',
        headers,
        body: JSON.stringify({
          batch: {
            inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text }] }] } }] } },
          },
        }),
      },
    )
  }
  // A receiver that answers with the same.
  const server = createServer((request, response) => {
    const index = Number(/\d+/.exec(request.url ?? '')?.[0])
    response.writeHead(500, { 'content-type': 'text/html' }).end(HOSTILE[index])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const uris = HOSTILE.map((_, index) => `http://127.0.0.1:${port}/${index}`)
  await emulator.trigger({ type: 'batch.expired', data: { id: 'answers' }, uris })
  await emulator.idle()
}

test('hostile texts in every field are shown as text and execute nothing', async () => {
  const world = await startWorld({ jobs: { batchMs: 1 } })
  await fill(world)
  await world.emulator.clock.advance(10_000)
  const { page, warnings } = await open(world)
  await expect.poll(() => page.locator('tbody tr').count()).toBeGreaterThan(HOSTILE.length)
  const screens = ['#/webhooks', '#/jobs', '#/queue', '#/clock', '#/send', '#/setup']
  const links = await page
    .locator('tbody a')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href')!))
  const comparisons = links.map((link) => link.replace('deliveries', 'compare'))
  for (const hash of [
    ...links,
    ...links.slice(0, 4).map((link) => `${link}/edit`),
    ...comparisons,
    ...screens,
  ]) {
    await page.evaluate((next) => {
      location.hash = next
    }, hash)
    await page.getByRole('heading', { level: 1 }).waitFor()
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(wide, hash).toBe(0)
  }
  await page.evaluate(() => {
    location.hash = '#/jobs'
  })
  await page.locator('tbody a').first().waitFor()
  for (const job of await page
    .locator('tbody a')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href')!))) {
    await page.evaluate((next) => {
      location.hash = next
    }, job)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await page.locator('img, iframe, svg, script:not([src])').count()).toBe(0)
  expect(warnings).toEqual([])
}, 120_000)

test('marks that turn text around are spelled out', async () => {
  const world = await startWorld()
  await world.emulator.trigger({ type: 'batch.failed', data: { id: 'a\u202egnp.exe', nul: '\u0000' } })
  await world.emulator.idle()
  const { page } = await open(world)
  await page.getByText('a\\u{202e}gnp.exe').waitFor()
  await page.getByRole('link', { name: 'batch.failed' }).click()
  await page.getByRole('heading', { name: 'batch.failed delivered' }).waitFor()
  expect(await page.locator('main').textContent()).not.toContain('\u202e')
})

test('a script that gets into the page is stopped by its policy', async () => {
  const world = await startWorld()
  const { page } = await open(world)
  const blocked = await page.evaluate(async () => {
    const attempts: Record<string, () => unknown> = {
      inline: () => {
        const script = document.createElement('script')
        script.textContent = 'window.hacked = true'
        document.head.append(script)
      },
      markup: () => {
        document.body.innerHTML = '<img src=x onerror="window.hacked=true">'
      },
      // Timers run in order, and the debugger does not vouch for this one.
      text: () => {
        setTimeout('window.hacked = true')
        return new Promise((resolve) => setTimeout(resolve))
      },
      elsewhere: () => fetch('http://127.0.0.1:1/'),
    }
    const results: Record<string, boolean> = {}
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        await attempt()
        results[name] = 'hacked' in window
      } catch {
        results[name] = false
      }
    }
    return results
  })
  expect(blocked).toEqual({ inline: false, markup: false, text: false, elsewhere: false })
})

test('another site can neither show the page in a frame nor call its API', async () => {
  const world = await startWorld()
  const stranger = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<iframe src="${world.url}/"></iframe>`)
  })
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void stranger.close())
  const { page } = await open(world)
  const loaded = page.waitForEvent('console', { predicate: (message) => message.text().includes('frame') })
  // The same browser, which has a session with the emulator.
  await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`)
  expect((await loaded).text()).toMatch(/frame-ancestors|X-Frame-Options/)
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
  const answers = await page.evaluate(async (url) => {
    const json = { 'content-type': 'application/json', authorization: 'Bearer x' }
    const read = (init: RequestInit) =>
      fetch(url, init).then(
        ({ status }) => status,
        () => 'blocked',
      )
    return [await read({}), await read({ headers: json }), await read({ method: 'POST', body: '{}' })]
  }, `${world.url}/_gwh/deliveries`)
  expect(answers).toEqual(['blocked', 'blocked', 'blocked'])
})
