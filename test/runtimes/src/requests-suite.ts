// What must hold across requests of a Worker: its I/O is frozen when a request ends, its memory is not.

import { equal } from '@gwh-test/support/suite'
import { Miniflare, type Request, Response } from 'miniflare'
import vectors from '../../../packages/core/test/vectors.json' with { type: 'json' }

type Test = (title: string, run: () => Promise<void>) => void

const keys = JSON.stringify(vectors.v1a.jwks)

/** Starts the Worker in front of a key server that leaves the first fetches pending and answers later ones. */
function startWorker(script: string, unanswered: number) {
  const end = new AbortController()
  let fetches = 0
  const fetched = Promise.withResolvers<void>()
  const worker = new Miniflare({
    modules: true,
    script,
    compatibilityDate: '2026-05-03',
    outboundService: async (request: Request) => {
      if (new URL(request.url).pathname === '/asked') return await fetched.promise.then(() => new Response())
      fetched.resolve()
      if (++fetches > unanswered) return new Response(keys)
      return await new Promise((_, reject) => end.signal.addEventListener('abort', reject))
    },
  })
  return {
    get: async (path: string) => {
      const response = await worker.dispatchFetch(`http://localhost${path}`)
      return [response.status, await response.text()]
    },
    fetches: () => fetches,
    async [Symbol.asyncDispose]() {
      end.abort()
      await worker.dispose()
    },
  }
}

const ACCEPTED = [200, '{"status":"accepted"}']

export function requestsSuite(test: Test, script: string): void {
  test('a delivery verifies although a request before it ended with its fetch of the keys pending', async () => {
    await using worker = startWorker(script, 1)
    equal(await worker.get('/leave'), [200, ''])
    equal(await worker.get('/'), ACCEPTED)
    equal(worker.fetches(), 2)
  })

  test('deliveries that wait for such a fetch share the next one', async () => {
    await using worker = startWorker(script, 1)
    await worker.get('/leave')
    const answers = await Promise.all(Array.from({ length: 8 }, () => worker.get('/')))
    for (const [status] of answers) equal(status, 200)
    equal(worker.fetches(), 2)
  })

  test('a key server that never answers delays each delivery by the deadline only', async () => {
    await using worker = startWorker(script, Number.POSITIVE_INFINITY)
    await worker.get('/leave')
    equal(await worker.get('/'), [503, '{"error":"jwks_unavailable"}'])
    equal(await worker.get('/'), [503, '{"error":"jwks_unavailable"}'])
  })
}
