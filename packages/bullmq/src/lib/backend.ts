import type { BackendFactory, KeepJobs, MinimalJob } from 'bullmq'
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import type { WorkerAccess } from './worker-access.ts'

/** BullMQ's Redis scripts, one more way to complete a job, and a rule about which job is taken when. */
export class DeliveryBackend extends RedisQueueBackend {
  /** Where workers take jobs by; without one they take what comes. */
  access?: WorkerAccess

  /** Takes the next job; one that may not run beside what this process runs already is given back, untried. */
  override async moveToActive(token: string, name?: string): Promise<unknown[]> {
    const take = () => super.moveToActive(token, name)
    if (!this.access) return await take()
    return await this.access.take(take, (id, attempts) => this.giveBack(id, attempts, token))
  }

  /** Puts a job back to where it was, as the next to be taken, as if it had not been taken. */
  private async giveBack(id: string, attempts: number, token: string): Promise<void> {
    const client = await this.queue.client
    await client.hset(this.queue.toKey(id), { ats: attempts - 1 })
    await this.moveJobFromActiveToWait(id, token)
  }

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
  access?: WorkerAccess
  /** Only for workers that block until a delivery arrives. */
  blockingClient?: Redis
}

/** Makes backends on clients of ours, because BullMQ cannot let go of its own while Redis is down. */
export function createBackendFactory({
  prefix,
  client,
  blockingClient,
  access,
}: BackendParts): BackendFactory<DeliveryBackend> {
  // BullMQ would ask for Redis's version first; when that fails once, its connection is dead for good.
  const ours = { shared: true, skipVersionCheck: true }
  return (name, options) => {
    const keys = new QueueKeys(prefix)
    const backend = new DeliveryBackend(
      new RedisConnection(client, { ...ours, blocking: false }),
      name,
      keys.getKeys(name),
      (type) => keys.toKey(name, type),
      options,
      blockingClient && new RedisConnection(blockingClient, { ...ours, blocking: true }),
    )
    if (access) backend.access = access
    return backend
  }
}
