import { checkNames, wholeNumber } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import { type JobKey, type JobLedger, type LedgerJob, SETTLED_LIFE_MS } from '@gwh/core/store'
import { within } from './deadline.ts'
import { createEvictionCheck, evictionRefused } from './eviction.ts'
import { LEDGER_SCRIPTS } from './ledger-scripts.ts'
import { checkPrefix, checkTimes } from './options.ts'
import { toUnavailable, unexpectedReply } from './redis-errors.ts'
import { guardAgainstErrorEvents, type RedisLike, toSendCommand } from './redis-like.ts'
import { createScripts } from './run-scripts.ts'

/** What a Redis job ledger needs. */
export interface RedisLedgerOptions {
  /** A client of ioredis or node-redis, single, cluster or sentinel. You connect it and you close it. */
  client: RedisLike
  /** The prefix of all records. Default `gwh:ledger:`. A `keyPrefix` of the client is not always applied. */
  prefix?: string
  /** How long each method waits for Redis, in milliseconds. Default 2,000. */
  commandTimeoutMs?: number
  /** Accepts a Redis that evicts keys when its memory is full, so that jobs may be forgotten. Default `false`. */
  allowEviction?: boolean
  /** The timer of `commandTimeoutMs` and of the eviction check. Default: the machine's clock. */
  clock?: Clock
}

/**
 * Makes a job ledger on Redis 6.2 or newer, shared by all machines that use the same Redis and `prefix`.
 *
 * Each method is one atomic script; in a cluster all records of a ledger are in one slot. Redis must not evict keys
 * (`maxmemory-policy noeviction`), or jobs are lost: the first call, the first after each reconnect, and then one a minute
 * check that, and reject with `store_volatile` unless `allowEviction`. A Redis that forbids `INFO` is accepted.
 *
 * What survives a crash of Redis depends on its `appendfsync`. A method that rejects with `store_unavailable` may still
 * take effect. `close` does not close the client.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createRedisLedger(options: RedisLedgerOptions): JobLedger {
  checkNames(
    options,
    ['client', 'prefix', 'commandTimeoutMs', 'allowEviction', 'clock'],
    'createRedisLedger()',
  )
  const { client, prefix = 'gwh:ledger:', allowEviction = false, clock = systemClock } = options
  checkPrefix(prefix)
  const commandTimeoutMs = wholeNumber('commandTimeoutMs', options.commandTimeoutMs, 2_000)
  const scripts = createScripts(toSendCommand(client), LEDGER_SCRIPTS)
  guardAgainstErrorEvents(client)
  const eviction = createEvictionCheck(client, allowEviction, clock)
  const checkPolicy = async (signal: AbortSignal) => {
    const policy = String(await scripts('policy', [`${prefix}{jobs}`], [], signal))
    if (policy !== '') throw evictionRefused(policy, 'jobs')
  }
  type Name = keyof typeof LEDGER_SCRIPTS
  const runOn = async (key: string, name: Name, args: (string | number)[]): Promise<unknown> => {
    const waiting = new AbortController()
    const { signal } = waiting
    const call = async () => {
      await eviction.before(() => checkPolicy(signal))
      // The caller has given up, so the script must not run late.
      signal.throwIfAborted()
      return await scripts(name, [key], args.map(toText), signal)
    }
    try {
      return await within(commandTimeoutMs, clock, call(), () => waiting.abort())
    } catch (error) {
      throw toUnavailable(error, `run "${name}" of`, 'job ledger')
    }
  }
  const onJobs = async (name: Name, endpoint: string, ...args: (string | number)[]) =>
    await runOn(`${prefix}{jobs}/${encodeURIComponent(endpoint)}`, name, args)
  const onEvents = async (name: Name, ...args: (string | number)[]) =>
    await runOn(`${prefix}{jobs}`, name, args)

  return {
    async open({ endpoint, id, name, createdAt, lookAt, userMetadata }) {
      checkTimes({ createdAt, lookAt })
      const metadata = userMetadata === undefined ? [] : [userMetadata]
      return toVerdict(await onJobs('open', endpoint, id, name, createdAt, lookAt, ...metadata))
    },
    find: async (key) => toJob(key, await onJobs('find', key.endpoint, key.id)),
    async end({ endpoint, id, name, event, now, expiresAt }) {
      checkTimes({ now, expiresAt })
      return toVerdict(await onJobs('end', endpoint, id, event, now, expiresAt, name))
    },
    async giveUp({ endpoint, id, name, event, now, expiresAt }) {
      checkTimes({ now, expiresAt })
      return toVerdict(await onJobs('giveUp', endpoint, id, event, now, expiresAt, name))
    },
    async settle({ endpoint, id }, now) {
      checkTimes({ now })
      await onJobs('settle', endpoint, id, now, now + SETTLED_LIFE_MS)
    },
    async take({ endpoint, dueAt, takenBefore, now, until, limit }) {
      checkTimes({
        now,
        until,
        ...(dueAt !== undefined && { dueAt }),
        ...(takenBefore !== undefined && { takenBefore }),
      })
      const range = takenBefore === undefined ? ['due', dueAt ?? '+inf'] : ['taken', `(${takenBefore}`]
      return toJobs(endpoint, await onJobs('take', endpoint, ...range, now, until, limit))
    },
    async postpone({ endpoint, id }, lookAt) {
      checkTimes({ lookAt })
      await onJobs('postpone', endpoint, id, lookAt)
    },
    async nextLookAt(endpoint, now) {
      checkTimes({ now })
      const next = String(await onJobs('next', endpoint, now))
      return next === '' ? undefined : Number(next)
    },
    async begin(key, holder, { now, leaseUntil, expiresAt }) {
      checkTimes({ now, leaseUntil, expiresAt })
      const life = toLife(expiresAt, now)
      const state = String(await onEvents('begin', key, holder, now, leaseUntil, expiresAt, life))
      if (state === 'claimed' || state === 'handled' || state === 'in_progress') return state
      throw unexpectedReply()
    },
    complete: async (key, holder) => toVerdict(await onEvents('complete', key, holder)),
    release: async (key, holder) => void (await onEvents('release', key, holder)),
    close: async () => eviction.close(),
  }
}

function toText(value: string | number): string {
  return String(value)
}

/** How long Redis keeps a record, by its own clock. */
function toLife(expiresAt: number, now: number): number {
  return Math.max(1, Math.ceil(expiresAt - now))
}

function toVerdict(reply: unknown): boolean {
  const verdict = String(reply)
  if (verdict !== '1' && verdict !== '0') throw unexpectedReply()
  return verdict === '1'
}

function toJobs(endpoint: string, reply: unknown): LedgerJob[] {
  if (!Array.isArray(reply)) throw unexpectedReply()
  return reply.map((entry: unknown) => {
    const [id, fields] = Array.isArray(entry) ? entry : []
    const job = toJob({ endpoint, id: String(id) }, fields)
    if (!job) throw unexpectedReply()
    return job
  })
}

function toJob({ endpoint, id }: JobKey, reply: unknown): LedgerJob | undefined {
  if (!Array.isArray(reply)) throw unexpectedReply()
  if (reply.length === 0) return undefined
  const fields = new Map<string, string>()
  for (let index = 0; index < reply.length; index += 2)
    fields.set(String(reply[index]), String(reply[index + 1]))
  const [userMetadata, event] = [fields.get('userMetadata'), fields.get('event')]
  return {
    endpoint,
    id,
    name: fields.get('name') ?? id,
    createdAt: Number(fields.get('createdAt')),
    lookAt: Number(fields.get('lookAt')),
    lookups: Number(fields.get('lookups')),
    ...(userMetadata !== undefined && { userMetadata }),
    ...(event !== undefined && { event }),
  }
}
