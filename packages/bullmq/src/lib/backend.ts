import type { BackendFactory, KeepJobs, MinimalJob } from 'bullmq'
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import type { QueueTime } from './redis-time.ts'
import type { WorkerAccess } from './worker-access.ts'

/** BullMQ's Redis scripts, one more way to complete a job, and a rule about which job is taken when. */
export class DeliveryBackend extends RedisQueueBackend {
  /** Decides which jobs this process may take now. Default: any. */
  access?: WorkerAccess
  /** The time that jobs are moved by. Default: the clock of the process. */
  time?: QueueTime

  /** Takes the next job; one that may not run beside what this process runs already is given back, untried. */
  override async moveToActive(token: string, name?: string): Promise<unknown[]> {
    await this.time?.refresh()
    const take = () => this.takeNext(token, name)
    if (!this.access) return await take()
    return await this.access.take(take, (id, attempts) => this.giveBack(id, attempts, token))
  }

  private async takeNext(token: string, name?: string): Promise<unknown[]> {
    const [job, id, rateLimitMs, delayUntil] = await super.moveToActive(token, name)
    return [job, id, rateLimitMs, this.toProcessTime(Number(delayUntil))]
  }

  /** Waits for the marker of a job; its score says when the job is due, or 0 for at once. */
  override async waitForJob(blockTimeout: number) {
    const marker = await super.waitForJob(blockTimeout)
    return marker && { ...marker, score: this.toProcessTime(marker.score) }
  }

  /** BullMQ compares what this returns with `Date.now()`. */
  private toProcessTime(dueAt: number): number {
    return this.time && dueAt > 0 ? this.time.toProcessTime(dueAt) : dueAt
  }

  /** Runs a script of BullMQ; one that makes delayed jobs due goes by the queue's time. */
  override execCommand(...[client, name, args]: Parameters<RedisQueueBackend['execCommand']>) {
    const { time } = this
    // The time is the one number among the arguments; there is no other way to set it.
    const timed =
      name === 'moveToActive' && time ? args.map((one) => (typeof one === 'number' ? time.now() : one)) : args
    return super.execCommand(client, name, timed)
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
    const value = ['null', 'returnvalue'] as const
    const args = this.moveToFinishedArgs(job, ...value, keep, 'completed', token, now, false, fields)
    await this.moveToFinished(job.id ?? '', args)
  }

  /**
   * Fails a job for good at `now`; BullMQ's own method goes by the clock of the process.
   *
   * @throws Error with BullMQ's code when the lock is lost
   */
  async failForGood(
    job: MinimalJob,
    token: string,
    now: number,
    reason: string,
    keep: KeepJobs,
    fields?: Record<string, unknown>,
  ): Promise<void> {
    const value = [reason, 'failedReason'] as const
    const args = this.moveToFinishedArgs(job, ...value, keep, 'failed', token, now, false, fields)
    await this.moveToFinished(job.id ?? '', args)
  }
}

/** What a backend runs on. The clients stay the caller's to close. */
export interface BackendParts {
  /** What BullMQ puts before all its keys. */
  prefix: string
  client: Redis
  access?: WorkerAccess
  time: QueueTime
  /** Only for workers that block until a delivery arrives. */
  blockingClient?: Redis
}

/** Makes backends on clients of ours, because BullMQ cannot let go of its own while Redis is down. */
export function createBackendFactory({
  prefix,
  client,
  blockingClient,
  access,
  time,
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
    backend.time = time
    return backend
  }
}
