import type { BackendFactory, Job, KeepJobs, MinimalJob } from 'bullmq'
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import { bodyKey, keepBody } from '../job/bodies.ts'
import { idKey } from '../job/job-data.ts'
import type { QueueTime } from '../redis/redis-time.ts'
import type { WorkerAccess } from './worker-access.ts'

// The delay of a job that cannot be claimed because an earlier handler, which lost the lock, still runs here.
const PUT_OFF_MS = 1_000

/** Locks an active job whose lock has run out, if it is still in the same attempt. */
const RELOCK = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if not redis.call('LPOS', KEYS[2], ARGV[3]) then return 0 end
if redis.call('HGET', KEYS[3], 'ats') ~= ARGV[4] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SREM', KEYS[4], ARGV[3])
return 1`

/** BullMQ's Redis backend with the queue's own time, a rule on which jobs may be claimed, and writes of our own. */
export class DeliveryBackend extends RedisQueueBackend {
  /** Decides which jobs this process may claim now. Default: any. */
  access?: WorkerAccess
  /** The time at which jobs are moved. Default: the clock of the process. */
  time?: QueueTime
  /** The client for our own scripts. */
  redis?: Redis

  /** Claims the next job. One that must not run beside the jobs of this process is returned; the attempt does not count. */
  override async moveToActive(token: string, name?: string): Promise<unknown[]> {
    await this.time?.refresh()
    await this.access?.inFlight.refresh()
    const take = () => this.takeNext(token, name)
    if (!this.access) return await take()
    return await this.access.take({
      take,
      giveBack: (id, attempts) => this.giveBack(id, attempts, token),
      putOff: (id, attempts) => this.putOff(id, attempts, token),
    })
  }

  /** Frees jobs whose lock has run out. Jobs that run in this process have their locks renewed first. */
  override async moveStalledJobsToWait() {
    await this.access?.inFlight.refresh()
    return await super.moveStalledJobsToWait()
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

  /** Runs a script of BullMQ; the one that makes delayed jobs due gets the queue's time. */
  override execCommand(...[client, name, args]: Parameters<RedisQueueBackend['execCommand']>) {
    const { time } = this
    // BullMQ has no option for it. The time is the only number among the arguments.
    const timed =
      name === 'moveToActive' && time ? args.map((one) => (typeof one === 'number' ? time.now() : one)) : args
    return super.execCommand(client, name, timed)
  }

  /** Returns a job to the head of the queue; the attempt does not count. */
  private async giveBack(id: string, attempts: number, token: string): Promise<void> {
    const client = await this.queue.client
    await client.hset(this.queue.toKey(id), { ats: attempts - 1 })
    await this.moveJobFromActiveToWait(id, token)
  }

  /** Delays a job that cannot run now; the attempt does not count. */
  private async putOff(id: string, attempts: number, token: string): Promise<void> {
    const options = { skipAttempt: true, fieldsToUpdate: { ats: attempts - 1 } }
    await this.moveToDelayed(id, this.time?.now() ?? Date.now(), PUT_OFF_MS, token, options)
  }

  /** Extends the lock of an active job. An expired lock is restored as long as no process has freed the job. */
  async renewLock({ id = '', attemptsStarted }: Job, token: string, leaseMs: number): Promise<boolean> {
    if ((await this.extendLock(id, token, leaseMs)) === 1) return true
    const [lock, active, job, stalled] = [`${id}:lock`, 'active', id, 'stalled'].map((name) =>
      this.queue.toKey(name),
    )
    const keys = [lock!, active!, job!, stalled!]
    return (await this.redis?.eval(RELOCK, keys.length, ...keys, token, leaseMs, id, attemptsStarted)) === 1
  }

  /** Keeps a body for `replay`. */
  async keepBody(id: string, body: Uint8Array, now: number, forMs: number): Promise<void> {
    if (this.redis) await keepBody(this.redis, bodyKey(this.queue, id), body, { now, forMs })
  }

  /** Keeps the index of a `webhook-id` for as long as its dead letter. */
  async keepIndexed(webhookId: string, seconds: number): Promise<void> {
    await this.redis?.expire(idKey(this.queue, webhookId), seconds)
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
   * Fails a job permanently at `now`; BullMQ's own method uses the clock of the process.
   *
   * @throws Error with BullMQ's code when the lock is lost
   */
  async failPermanently(
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

/** Dependencies of a backend. The caller closes the clients. */
export interface BackendParts {
  /** The prefix of all keys. */
  prefix: string
  client: Redis
  access?: WorkerAccess
  time: QueueTime
  /** For workers, which block until a delivery arrives. */
  blockingClient?: Redis
}

/** Makes backends on our own clients, because BullMQ cannot close its clients while Redis is down. */
export function createBackendFactory({
  prefix,
  client,
  blockingClient,
  access,
  time,
}: BackendParts): BackendFactory<DeliveryBackend> {
  // BullMQ reads the version of Redis first, and its connection never recovers when that fails once.
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
    Object.assign(backend, { time, redis: client })
    return backend
  }
}
