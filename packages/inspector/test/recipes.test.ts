import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { expect, onTestFinished, test } from 'vitest'
import { createDashboard } from '../src/index.ts'
import { expressApp } from './recipes/express.ts'
import { honoApp } from './recipes/hono.ts'
import { nextRoute } from './recipes/next.ts'
import { queueWithDeadLetter } from './support.ts'

type Handler = (request: Request) => Promise<Response>

/** Serves each recipe as its framework would. */
const RECIPES: Record<string, (dashboard: Handler) => RequestListener> = {
  hono: (dashboard) => getRequestListener(honoApp(dashboard).fetch),
  express: expressApp,
  next(dashboard) {
    const { GET, POST } = nextRoute(() => dashboard)
    return getRequestListener((request) => (request.method === 'POST' ? POST : GET)(request))
  },
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each(Object.keys(RECIPES))(
  'the recipe for %s serves the page and redrives a dead letter',
  async (name) => {
    const queue = await queueWithDeadLetter()
    const authorize = (request: Request) => request.headers.get('cookie') === 'admin=1'
    const dashboard = createDashboard({ queue, authorize, basePath: '/admin/webhooks' })
    const origin = await listen(RECIPES[name]!(dashboard))
    const cookie = 'admin=1'
    expect((await fetch(`${origin}/admin/webhooks`)).status).toBe(403)
    const icon = await fetch(`${origin}/admin/webhooks/inspector.svg`, { headers: { cookie } })
    expect(icon.headers.get('content-type')).toBe('image/svg+xml')
    const counts = await fetch(`${origin}/admin/webhooks/api/counts`, { headers: { cookie } })
    expect(await counts.json()).toMatchObject({ dead: 1 })
    const redriven = await fetch(`${origin}/admin/webhooks/api/redrive`, {
      method: 'POST',
      headers: { cookie, origin, 'x-gwh-action': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ target: queue.deadKey }),
    })
    expect(await redriven.json()).toEqual({ count: 1 })
  },
)

test('the README has the recipes that are tested', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const recipes = Object.keys(RECIPES)
    .map((name) => readFileSync(new URL(`recipes/${name}.ts`, import.meta.url), 'utf8'))
    .join('\n')
  const [, recipesPart = ''] = /### Hono([\s\S]*?)### What it serves/.exec(readme) ?? []
  const lines = [...recipesPart.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, code]) =>
    code!.trim().split('\n'),
  )
  const missing = lines
    .map((line) => line.replace(/^export /, '').trim())
    .filter(
      (line) =>
        line !== '' &&
        !/^(\/\/ app\/|import \{ createDashboard|const create = )/.test(line) &&
        !recipes.includes(line),
    )
  expect(lines.length).toBeGreaterThan(6)
  expect(missing).toEqual([])
})
