import { access, constants, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isInstance, WebhookError } from '@gwh/core/errors'
import { type Finding, failed, ok, skipped, warning } from './finding.ts'

/** Numbers of file systems on other machines, from Linux's statfs(2), where SQLite's locks do not hold. */
const NETWORK_DISKS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  16914839: '9p',
  1702057286: 'FUSE',
  12805120: 'Ceph',
  1397113167: 'AFS',
}

/** Returns the name of a file system that SQLite must not be used on. */
export function networkDisk(type: number): string | undefined {
  return NETWORK_DISKS[type >>> 0]
}

/** Checks the queue of the receiver: a SQLite file or a Redis URL. */
export async function checkStorage(cwd: string, where: string): Promise<Finding[]> {
  return /^rediss?:/.test(where) ? await checkRedis(where) : await checkSqliteFile(resolve(cwd, where))
}

async function checkSqliteFile(path: string): Promise<Finding[]> {
  const disk = networkDisk((await statfs(dirname(path)).catch(() => ({ type: 0 }))).type)
  const findings =
    disk === undefined
      ? [ok('disk of the queue', 'on this machine')]
      : [
          failed(
            'disk of the queue',
            `${dirname(path)} is on ${disk}`,
            'Move it to a local disk, or use BullMQ: locks do not hold over a network.',
          ),
        ]
  const isWritable = await access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable)
    return [
      ...findings,
      failed('queue', `${path} does not exist or cannot be written`, 'Check its path and its owner.'),
    ]
  return [...findings, await openQueue(path)]
}

async function openQueue(path: string): Promise<Finding> {
  try {
    const { createSqliteQueue } = await import('@gwh/store-sqlite')
    const queue = createSqliteQueue({ path, mustExist: true })
    const { pending, dead } = await queue.stats().finally(() => queue.close())
    const message = `${pending} pending, ${dead} dead`
    return dead === 0
      ? ok('queue', message)
      : warning('queue', message, 'See why: gwh queue list --state dead')
  } catch (error) {
    if (!isInstance(error, WebhookError)) throw error
    return failed('queue', `${error.message} (${error.code})`, `See docs/errors/${error.code}.md.`)
  }
}

async function checkRedis(url: string): Promise<Finding[]> {
  const module = await import('ioredis').catch(() => undefined)
  if (module === undefined) return [skipped('Redis', 'ioredis is not installed here', 'npm install ioredis')]
  const client = new module.Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return judgeRedis(await client.info())
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return [
      failed(
        'Redis',
        `it cannot be asked (${code ?? message.slice(0, 80)})`,
        'Check the URL, its password, and the firewall.',
      ),
    ]
  } finally {
    client.disconnect()
  }
}

/** Judges what INFO says: https://redis.io/docs/latest/commands/info/ */
function judgeRedis(info: string): Finding[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const policy = field('maxmemory_policy')
  const aof = field('aof_enabled')
  return [
    ok('Redis', `version ${field('redis_version') ?? 'unknown'}`),
    policy === undefined || policy === 'noeviction'
      ? ok('Redis eviction', policy ?? 'unknown')
      : failed(
          'Redis eviction',
          `maxmemory-policy is ${policy}: deliveries may be evicted`,
          'Set maxmemory-policy noeviction.',
        ),
    aof === undefined || aof === '1'
      ? ok('Redis persistence', aof === '1' ? 'append-only file' : 'unknown')
      : failed(
          'Redis persistence',
          'no append-only file: a restart loses deliveries',
          'Set appendonly yes, and appendfsync always to lose nothing.',
        ),
  ]
}
