import { WebhookPayloadError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import type { Queue } from 'bullmq'

/** A delivery as it is stored in Redis. */
export type JobData = Omit<QueuedDelivery, 'body'> & {
  /** The body in base64; absent once the delivery was handled. */
  body?: string
}

/**
 * The id of a delivery's job.
 *
 * BullMQ refuses ids with a colon and ids that are numbers; percent signs keep different keys different.
 */
export function toJobId(key: string): string {
  return `gwh-${encodeURIComponent(key.toWellFormed())}`
}

export function toJobData({ body, ...fields }: QueuedDelivery): JobData {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { ...fields, body: bytes.toString('base64') }
}

/** The key of the jobs of one `webhook-id`, newest last. It expires with them. */
export function idKey(queue: Pick<Queue, 'toKey'>, id: string): string {
  return queue.toKey(`gwh-id:${encodeURIComponent(id.toWellFormed())}`)
}

/** The data of a handled delivery: everything but its body. */
export function toErasedData({ body: _, ...fields }: QueuedDelivery): string {
  return JSON.stringify(fields)
}

/** A stored delivery, with an empty body where that was erased; `undefined` for a job that is not a delivery. */
export function toStoredMessage(data: Partial<JobData>): QueuedDelivery | undefined {
  if (typeof data?.key !== 'string') return undefined
  return toMessage({ body: '', ...data })
}

/** Whether the job is a handled delivery that something else, such as a dashboard, has put back. */
export function isErased(data: Partial<JobData>): boolean {
  return typeof data.key === 'string' && data.body === undefined
}

/** @throws WebhookPayloadError `payload_invalid` when the job is not a delivery */
export function toMessage(data: Partial<JobData>): QueuedDelivery {
  if (typeof data?.key !== 'string' || typeof data.body !== 'string') {
    throw new WebhookPayloadError('payload_invalid', 'the job is not a delivery')
  }
  const { body, ...fields } = data as JobData & { body: string }
  return { ...fields, body: new Uint8Array(Buffer.from(body, 'base64')) }
}
