import { test as base, type TestAPI } from 'vitest'

/** What of an emulator a test needs; `@gwh/emulator` has more. */
export interface TestEmulator {
  listen(options: { port: number }): Promise<{ url: string }>
  close(): Promise<void>
}

/** What a test gets. */
export interface GeminiFixtures<Emulator extends TestEmulator> {
  /** The emulator, listening on a free port, and closed after the test. */
  gemini: Emulator & { readonly url: string }
}

/**
 * Makes vitest's `test` with a fixture `gemini`: an emulator of Google's side for each test that asks for one. While
 * the test runs, `GOOGLE_GEMINI_BASE_URL` and `GEMINI_API_KEY` point every `new GoogleGenAI({})` at it, so tests that
 * use it cannot run concurrently in one process.
 *
 * @example
 * ```ts
 * import { GoogleGenAI } from '@google/genai'
 * import { createEmulator } from '@gwh/emulator'
 * import { geminiTest } from '@gwh/testing/vitest'
 *
 * const test = geminiTest(() => createEmulator({ webhooks: [{ uri: 'http://127.0.0.1:3000/webhooks/gemini' }] }))
 *
 * test('a finished batch is handled', async ({ gemini }) => {
 *   const job = await new GoogleGenAI({}).batches.create({ model: 'gemini-3.8-flash', src: […] })
 *   await gemini.finish(job)
 *   await gemini.settled()
 *   // …expect what the handler did
 * })
 * ```
 *
 * @param create - Called for each test, for instance `() => createEmulator()`
 */
export function geminiTest<Emulator extends TestEmulator>(
  create: () => Emulator,
): TestAPI<GeminiFixtures<Emulator>> {
  return base.extend<GeminiFixtures<Emulator>>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are needed
    gemini: async ({}, use) => {
      const emulator = create()
      const { url } = await emulator.listen({ port: 0 })
      const restore = setEnvironment({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: 'test' })
      try {
        await use(Object.assign(emulator, { url }))
      } finally {
        restore()
        await emulator.close()
      }
    },
  })
}

/** Sets variables; returns what puts back the earlier ones. */
function setEnvironment(values: Record<string, string>): () => void {
  const { env } = process
  const before = Object.keys(values).map((name) => [name, env[name]] as const)
  Object.assign(env, values)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name]
      else env[name] = value
    }
  }
}
