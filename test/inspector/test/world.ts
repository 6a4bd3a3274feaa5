import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, PermanentError, type Receiver } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { createEmulator, type Emulator, type EmulatorOptions } from '@gwh/emulator'
import { createNodeHandler } from '@gwh/node'
import { onTestFinished } from 'vitest'

/** The secret of the emulator's webhook. */
export const SECRET = `whsec_${btoa('the secret of the page s tests!!')}`

/** Another one, as a receiver has it that was configured wrongly. */
export const OTHER_SECRET = `whsec_${btoa('another secret of 32 characters.')}`

/** An emulator, and a receiver that verifies, queues and handles what it sends. */
export interface World {
  readonly emulator: Emulator
  readonly url: string
  /** Where the receiver takes deliveries. */
  readonly uri: string
  /** Configures the receiver anew, as a restart with another variable would. */
  useSecret(secret: string): void
  /** The types and ids of what was handled. */
  readonly handled: string[]
  /** The handler of `batch.failed` throws while it is set. */
  readonly trouble: { throws: boolean }
}

/** Starts a receiver with a queue and an emulator that shows it, both with the real clock. */
export async function startWorld(options: EmulatorOptions = {}): Promise<World> {
  const handled: string[] = []
  const trouble = { throws: true }
  const queue = createMemoryQueue({ retainBodies: { forMs: 3_600_000 } })
  const emulator = createEmulator({ queue, ...options })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })

  const create = (secret: string): Receiver =>
    createReceiver({
      static: { secrets: secret },
      dynamic: { jwks: `${url}/.well-known/jwks.json`, allowAnyJob: true },
      queue,
      observer: () => {},
    })
      .on('batch.failed', (event) => {
        if (trouble.throws) throw new PermanentError('the customer of this batch no longer exists')
        handled.push(`${event.type} ${event.id}`)
      })
      .onUnhandled((event) => void handled.push(`${event.type} ${event.id}`))

  const worker = create(SECRET).work()
  onTestFinished(() => worker.stop())
  let handler = createNodeHandler(create(SECRET))
  const server = createServer((request, response) => void handler(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/gemini`
  emulator.import(withWebhook(emulator, uri))
  const useSecret = (secret: string) => {
    handler = createNodeHandler(create(secret))
  }
  return { emulator, url, uri, useSecret, handled, trouble }
}

/** The emulator's state with the receiver registered under a known secret. */
function withWebhook(emulator: Emulator, uri: string) {
  const preset = createEmulator({ webhooks: [{ name: 'receiver', uri, secret: SECRET }] })
  const { webhook = [] } = preset.export().records
  void preset.close()
  const snapshot = emulator.export()
  return { ...snapshot, records: { ...snapshot.records, webhook } }
}
