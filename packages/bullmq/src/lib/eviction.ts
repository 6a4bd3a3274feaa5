import { WebhookConfigError } from '@gwh/core/errors'
import type { Redis } from 'ioredis'

/**
 * Makes a function that rejects while Redis may throw deliveries away when its memory is full.
 *
 * It asks once for each connection: behind a new one there may be another Redis. One that does not tell is accepted.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createEvictionCheck(client: Redis, allowEviction: boolean): () => Promise<void> {
  let connection = 0
  let passed = -1
  client.on('ready', () => {
    connection++
  })
  return async () => {
    if (allowEviction || passed === connection) return
    const asked = connection
    const policy = await readPolicy(client)
    if (policy !== undefined && policy !== 'noeviction') throw evictionRefused(policy)
    passed = asked
  }
}

async function readPolicy(client: Redis): Promise<string | undefined> {
  const info = await client.info('memory').catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ReplyError') return ''
    throw error
  })
  return info.match(/^maxmemory_policy:([\w-]+)/m)?.[1]
}

function evictionRefused(policy: string): WebhookConfigError {
  return new WebhookConfigError(
    'option_invalid',
    `Redis may evict deliveries (maxmemory-policy is ${policy}); set noeviction, or allow it with allowEviction`,
  )
}
