import type { BackendFactory, KeepJobs, MinimalJob } from 'bullmq'
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'

/** BullMQ's Redis scripts, and one more way to complete a job. */
export class DeliveryBackend extends RedisQueueBackend {
  /**
   * Completes a job and replaces its data in the same step.
   *
   * @throws Error with BullMQ's code when the lock is lost
   */
  async completeErased(
    job: MinimalJob,
    token: string,
    now: number,
    data: string,
    keep: KeepJobs,
  ): Promise<void> {
    const fields = { data }
    const args = this.moveToFinishedArgs(
      job,
      'null',
      'returnvalue',
      keep,
      'completed',
      token,
      now,
      false,
      fields,
    )
    await this.moveToFinished(job.id ?? '', args)
  }
}

/** What a backend runs on. The clients stay the caller's to close. */
export interface BackendParts {
  /** What BullMQ puts before all its keys. */
  prefix: string
  client: Redis
  /** Only for workers that block until a delivery arrives. */
  blockingClient?: Redis
}

/** Makes backends on clients of ours, because BullMQ cannot let go of its own while Redis is down. */
export function createBackendFactory({
  prefix,
  client,
  blockingClient,
}: BackendParts): BackendFactory<DeliveryBackend> {
  // BullMQ would ask for Redis's version first; when that fails once, its connection is dead for good.
  const ours = { shared: true, skipVersionCheck: true }
  return (name, options) => {
    const keys = new QueueKeys(prefix)
    return new DeliveryBackend(
      new RedisConnection(client, { ...ours, blocking: false }),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      options,
      blockingClient && new RedisConnection(blockingClient, { ...ours, blocking: true }),
    )
  }
}
