import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/** The body of a handled delivery, stored in a separate key. */
interface KeptBody {
  /** When it counts as erased, in epoch milliseconds; Redis deletes it about then. */
  until: number
  /** In base64. */
  body: string
}

/** Keeps the body of a handled delivery for `forMs` milliseconds, in a separate key that Redis expires. */
export async function keepBody(
  client: Redis,
  key: string,
  body: Uint8Array,
  { now, forMs }: { now: number; forMs: number },
): Promise<void> {
  const kept: KeptBody = { until: now + forMs, body: Buffer.from(body).toString('base64') }
  await client.set(key, JSON.stringify(kept), 'PX', forMs)
}

/** Reads a body that `keepBody` kept, in base64; `undefined` when none was kept or it has expired. */
export async function readBody(client: Redis, key: string, now: number): Promise<string | undefined> {
  const text = await client.get(key)
  if (text === null) return undefined
  const { until, body } = JSON.parse(text) as KeptBody
  return now < until ? body : undefined
}

/** The key of a handled delivery's body. */
export function bodyKey(queue: Pick<Queue, 'toKey'>, jobId: string): string {
  return queue.toKey(`${jobId}:body`)
}
