import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { signedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { checkManifest } from './check-manifest.ts'
import { startProcess } from './process.ts'
import type { Sample, SampleOptions } from './sample.ts'

/** Registers the tests that every sample app must pass. */
export function checkSample(use: () => Sample, { folder, exitCode = 0 }: SampleOptions): void {
  test('a delivery is answered with 200 and handled', async () => {
    const { google, app } = use()
    const delivery = await google.announce('batch.succeeded', 'one')
    expect(answersOf(delivery)).toEqual([[200, '{"status":"accepted"}']])
    expect(await app.line(/batches\/one/)).toMatch(/^batch done: batches\/one files\/one [0-9a-f]{64}$/)
    await app.line(new RegExp(`^handled ${delivery.webhookId} batch\\.succeeded `))
  })

  test('a delivery whose answer was lost is sent again, answered as a duplicate, and not handled again', async () => {
    const { google, app } = use()
    const delivery = await google.announceTwice('batch.succeeded', 'two')
    expect(answersOf(delivery)).toEqual([
      [undefined, undefined],
      [200, '{"status":"duplicate"}'],
    ])
    await app.line(new RegExp(`^duplicate ${delivery.webhookId}$`))
    await app.line(new RegExp(`^handled ${delivery.webhookId} `))
    expect(app.lines.filter((line) => line.startsWith('batch done: batches/two '))).toHaveLength(1)
  })

  test('a delivery signed with another secret is refused with 401, and the log says why', async () => {
    const { google, app, uri } = use()
    await google.register(uri, ['batch.failed'])
    const delivery = await google.announce('batch.failed', 'three')
    expect(answersOf(delivery)).toEqual([[401, '{"error":"unauthorized"}']])
    await app.line(new RegExp(`^refused ${delivery.webhookId} 401 signature_invalid `))
    expect(app.lines.filter((line) => line.includes('batches/three'))).toEqual([])
  })

  test('a signed delivery that cannot be parsed is accepted and dead, and the log says why', async () => {
    const { app, uri, secret } = use()
    const { headers, body } = await signedDelivery({ secret, body: '[]', id: 'msg_unreadable' })
    expect((await post(uri, headers, body)).status).toBe(200)
    await app.line(/^dead msg_unreadable \(attempt 1\) payload_invalid /)
  })

  test(`SIGTERM ends it with exit code ${exitCode}, and its output contains no secret`, async () => {
    const { secret, startAnother, app: first } = use()
    const { app, uri } = await startAnother()
    const { headers, body } = await signedDelivery({ secret, id: 'msg_last' })
    expect((await post(uri, headers, body)).status).toBe(200)
    // Where they share a queue, either of them may handle it.
    await Promise.race([app, first].map(({ line }) => line(/^handled msg_last /)))
    expect(await app.stop()).toBe(exitCode)
    expect(app.lines.join('\n')).not.toContain(secret.replace('whsec_', ''))
    expect(app.lines.join('\n')).not.toContain(headers['webhook-signature'])
  })

  // Next.js starts without it: `next build` has no secrets.
  if (exitCode === 0) {
    test('without its secret it says which variable to set, and exits', async () => {
      const { scripts } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
      const app = startProcess(scripts.start, fileURLToPath(folder), {})
      expect(await app.end).toBe(1)
      expect(app.lines.join('\n')).toMatch(/^Set GEMINI_WEBHOOK_SECRET /m)
      expect(app.lines.filter((line) => /^\s+at /.test(line))).toEqual([])
    })
  }

  checkManifest(folder)
}

function answersOf({ attempts }: { attempts: readonly { status?: number; answer?: string }[] }) {
  return attempts.map(({ status, answer }) => [status, answer])
}

async function post(uri: string, headers: Record<string, string>, body: Uint8Array): Promise<Response> {
  return await fetch(uri, { method: 'POST', headers, body: body.slice() })
}
