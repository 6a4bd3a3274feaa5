import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { signedDelivery } from '@gwh/testing'
import type { LambdaFunctionURLEvent } from 'aws-lambda'
import type { Elysia } from 'elysia'
import { build, stop } from 'esbuild'
import type { H3 } from 'h3'
import type { Hono } from 'hono'
import type Koa from 'koa'
import { Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { compile, FOLDER, writeSnippets } from './snippets.ts'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='
const URL_ = 'http://localhost/webhooks/gemini'

let snippets: Map<string, string>
beforeAll(() => {
  vi.stubEnv('GEMINI_WEBHOOK_SECRET', SECRET)
  // Their handler prints what it handles.
  vi.spyOn(console, 'log').mockImplementation(() => {})
  snippets = writeSnippets()
})

// esbuild's service shares our standard error: whoever reads that to its end would wait for the service, too.
afterAll(() => stop())

/** What a snippet exports. */
const load = (name: string) => import(/* @vite-ignore */ join(FOLDER, name))

/** A request that no handler has seen, or one that was altered on its way. */
async function signed(body?: string): Promise<RequestInit & { headers: Record<string, string> }> {
  const { headers, body: genuine } = await signedDelivery({ secret: SECRET })
  return { method: 'POST', headers, body: body ?? new Uint8Array(genuine) }
}

/** A signed delivery is accepted, an altered one is not. */
async function works(send: (init: RequestInit) => Promise<{ status: number }> | { status: number }) {
  expect((await send(await signed())).status).toBe(200)
  expect((await send(await signed('{"type":"batch.failed","data":{}}'))).status).toBe(401)
}

test('every snippet of the page compiles', () => {
  expect(snippets.size).toBeGreaterThan(15)
  expect(snippets.has('(unnamed)')).toBe(false)
  expect(compile([...snippets.keys()])).toEqual([])
}, 120_000)

test('a snippet that is wrong does not compile', () => {
  writeFileSync(join(FOLDER, 'wrong.ts'), snippets.get('hono.ts')!.replace('context.req.raw', 'context.req'))
  expect(compile(['wrong.ts'])).toEqual([expect.stringMatching(/^wrong\.ts: Argument of type 'HonoRequest/)])
}, 120_000)

test('the table of the page names every recipe', () => {
  const page = readFileSync(new URL('../../../docs/frameworks.md', import.meta.url), 'utf8')
  const table = /^\| recipe[\s\S]*?\n\n/m.exec(page)![0]
  const recipes = [...page.matchAll(/^### (.*)$/gm)].flatMap(([, title]) => title!.split(/, | and /))
  const names = recipes.map((name) => name.replace(/ Functions$/, ''))
  const absent = names.filter((name) => !table.includes(name))
  // Covered under another name in the same recipe.
  expect(absent).toEqual(['Cloud Run functions', 'Nuxt', 'Nitro', 'Remix'])
})

describe('the snippet, executed, accepts what is signed and nothing else', () => {
  test('on Hono', async () => {
    const app: Hono = (await load('hono.ts')).default
    await works((init) => app.request(URL_, init))
  })

  test('on Elysia', async () => {
    const app: Elysia = (await load('elysia.ts')).default
    await works((init) => app.handle(new Request(URL_, init)))
  })

  test('on h3', async () => {
    const { H3: App } = await import('h3')
    const app: H3 = new App().post('/webhooks/gemini', (await load('h3.ts')).default)
    await works((init) => app.request(URL_, init))
  })

  test('on Koa', async () => {
    const name = 'koa-app.ts'
    writeFileSync(
      join(FOLDER, name),
      snippets.get('koa.ts')!.replace('app.listen(3000)', 'export default app'),
    )
    const app: Koa = (await load(name)).default
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await works((init) => fetch(`${origin}/webhooks/gemini`, init))
    expect((await fetch(`${origin}/other`)).status).toBe(404)
    server.closeAllConnections()
    server.close()
  })

  test('on workerd', async () => {
    const { outputFiles } = await build({
      entryPoints: [join(FOLDER, 'workers.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2024',
      conditions: ['@gwh/source', 'workerd', 'worker'],
    })
    const worker = new Miniflare({
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: '2026-05-03',
      compatibilityFlags: ['nodejs_compat'],
      bindings: { GEMINI_WEBHOOK_SECRET: SECRET },
    })
    onTestFinished(() => worker.dispose())
    await works(async ({ method, headers, body }) => {
      const init = { method: method!, headers: headers as Record<string, string>, body: body as string }
      return await worker.dispatchFetch(URL_, init)
    })
  })

  test.each([true, false])('on Lambda, with a body in base64: %s', async (isBase64Encoded) => {
    const { handler } = await load('lambda.ts')
    await works(async (init) => {
      const body = Buffer.from(init.body as Uint8Array).toString(isBase64Encoded ? 'base64' : 'utf8')
      const event = {
        headers: init.headers,
        body,
        isBase64Encoded,
        requestContext: { http: { method: 'POST' } },
      }
      const { statusCode } = await handler(event as unknown as LambdaFunctionURLEvent)
      return { status: statusCode }
    })
  })
})
