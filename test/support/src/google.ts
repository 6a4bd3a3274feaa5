import { createEmulator, type DeliverySnapshot, type Emulator } from '@gwh/emulator'

/** Google's side, emulated. */
export interface Google {
  readonly url: string
  readonly emulator: Emulator
  /** Registers a static webhook; resolves to its signing secret. */
  register(uri: string, types?: readonly string[]): Promise<string>
  /** Announces the end of a batch, and resolves once the first attempt of its delivery has ended. */
  announce(type: 'batch.succeeded' | 'batch.failed', id: string): Promise<DeliverySnapshot>
  /** The same, but the first answer is lost, so the delivery is sent again. */
  announceTwice(type: 'batch.succeeded', id: string): Promise<DeliverySnapshot>
  close(): Promise<void>
}

const RETRY_AFTER_MS = 1_000

export async function startGoogle(): Promise<Google> {
  let lose = false
  const emulator = createEmulator({
    jobs: { batchMs: 0, interactionMs: 0 },
    retry: { scheduleMs: [0, RETRY_AFTER_MS], jitter: 0 },
    async fetch(input, init) {
      const response = await fetch(input, init)
      if (!lose) return response
      lose = false
      await response.body?.cancel()
      throw new TypeError('the answer was lost')
    },
  })
  const { url } = await emulator.listen({ port: 0 })
  const announce: Google['announce'] = async (type, id) => {
    const data = type === 'batch.failed' ? { id } : { id, output_file_uri: `files/${id}` }
    const { webhookIds } = await emulator.trigger({ type, data })
    await emulator.idle()
    return snapshot(emulator, webhookIds[0])
  }
  return {
    url,
    emulator,
    register: (uri, types = ['batch.succeeded']) => register(url, uri, types),
    announce,
    async announceTwice(type, id) {
      lose = true
      const { webhookId } = await announce(type, id)
      await emulator.clock.advance(RETRY_AFTER_MS)
      return snapshot(emulator, webhookId)
    },
    close: () => emulator.close(),
  }
}

function snapshot(emulator: Emulator, webhookId: string | undefined): DeliverySnapshot {
  return emulator.deliveries().find((delivery) => delivery.webhookId === webhookId)!
}

async function register(baseUrl: string, uri: string, types: readonly string[]): Promise<string> {
  const response = await fetch(`${baseUrl}/v1/webhooks`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ uri, subscribed_events: types }),
  })
  const { new_signing_secret } = (await response.json()) as { new_signing_secret: string }
  return new_signing_secret
}
