import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { FIXTURE_EVENTS } from '@gwh/testing'
import { readDump } from '../checker.ts'
import { type Attempt, createPost } from '../post.ts'
import { readyReceiver } from '../receiver-process.ts'
import {
  count,
  type Finding,
  failuresOf,
  most,
  type Scenario,
  type ScenarioHarness,
  SLACK,
} from '../scenario.ts'
import type { ReceiverSettings } from '../settings.ts'
import { flippedBytes } from './flipped-bytes.ts'
import { storing } from './storing.ts'

const LOCKED_MS = 30_000
const RECOVERY_MS = 1_000
// Long bodies fill a small disk quickly.
const LONG_BODY = JSON.stringify({ ...FIXTURE_EVENTS['batch.succeeded'], padding: 'x'.repeat(8_000) })

export const sqliteDamage: Scenario = {
  name: 'sqlite-damage',
  async run(harness) {
    const findings = [await fullDisk(harness), await locked(harness), await flippedBytes(harness)]
    return {
      figures: findings.map(({ figures }) => figures).join('; '),
      failures: findings.flatMap(({ failures }) => failures),
    }
  },
}

async function fullDisk(harness: ScenarioHarness): Promise<Finding> {
  const folder = join(harness.folder, 'small')
  mkdirSync(folder)
  const disk = smallDisk(folder)
  const path = join(folder, 'deliveries.db')
  // The queue's own limit would apply long before the disk is full; this scenario needs a full disk.
  const settings = {
    ...(await storing(harness, path)),
    backend: { kind: 'sqlite' as const, path, minFreeBytes: 0 },
  }
  const receiver = await readyReceiver(settings)
  try {
    disk.limit?.(receiver.pid)
    const post = createPost({ port: () => settings.port, secret: harness.secret, body: LONG_BODY })
    const full = await postUntil(post, 'full', (attempts) => attempts.filter(isRefused).length >= 50)
    disk.grow(receiver.pid)
    const grownAt = performance.now()
    const after = await postUntil(post, 'after', (attempts) => attempts.at(-1)?.status === 200)
    const recoveryMs = performance.now() - grownAt
    await receiver.end('SIGTERM')
    return judgeFull(disk.kind, settings, [...full, ...after], recoveryMs)
  } finally {
    await receiver.end('SIGKILL')
    disk.remove()
  }
}

function judgeFull(
  kind: string,
  { backend }: ReceiverSettings,
  attempts: readonly Attempt[],
  recoveryMs: number,
): Finding {
  const { states, integrity } = readDump((backend as { path: string }).path)
  const acked = attempts.filter(({ status }) => status === 200)
  const lost = acked.filter(({ id }) => !states.has(id)).length
  return {
    figures: `disk full (${kind}): ${acked.length} × 200, ${attempts.filter(isRefused).length} × 503, ${lost} false 2xx, recovery ${count(recoveryMs)} ms`,
    failures: failuresOf({
      'full disk: every answer is 200 or 503': attempts.every((one) => one.status === 200 || isRefused(one)),
      'full disk: no false 2xx': lost === 0,
      'full disk: the file is whole': integrity === 'ok',
      [`full disk: recovery within ${RECOVERY_MS} ms (×${SLACK})`]: recoveryMs <= RECOVERY_MS * SLACK,
    }),
  }
}

/** A disk of 2 MB where we may mount one, otherwise a limit on the size of the process's files. */
function smallDisk(folder: string) {
  const mount = (options: string) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' })
  try {
    mount('size=2m')
  } catch {
    const limit = (pid: number, bytes: string) =>
      void execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`])
    return {
      kind: 'file size limit',
      limit: (pid: number) => limit(pid, '2000000:unlimited'),
      grow: (pid: number) => limit(pid, 'unlimited:unlimited'),
      remove: () => {},
    }
  }
  return {
    kind: 'tmpfs',
    limit: undefined,
    grow: () => mount('remount,size=16m'),
    remove: () => void execFileSync('umount', [folder]),
  }
}

async function postUntil(
  post: (id: string) => Promise<Attempt>,
  name: string,
  isEnough: (attempts: readonly Attempt[]) => boolean,
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  while (!isEnough(attempts) && attempts.length < 2_000)
    attempts.push(await post(`${name}_${attempts.length}`))
  return attempts
}

/** This process holds the write lock of the file for longer than a receiver waits for it. */
async function locked(harness: ScenarioHarness): Promise<Finding> {
  const path = join(harness.folder, 'locked.db')
  const settings = await storing(harness, path)
  const receiver = await readyReceiver(settings)
  const post = createPost({ port: () => settings.port, secret: harness.secret, body: LONG_BODY })
  const holder = new DatabaseSync(path)
  holder.exec('BEGIN IMMEDIATE')
  const lockedAt = performance.now()
  const attempts: Promise<Attempt>[] = []
  for (let index = 0; performance.now() - lockedAt < LOCKED_MS; index++) {
    attempts.push(post(`locked_${index}`))
    await sleep(50)
  }
  const freedAt = performance.now()
  holder.exec('COMMIT')
  holder.close()
  const settled = await Promise.all(attempts)
  const recoveryMs = most(
    settled.filter(({ status }) => status === 200).map(({ endedAt }) => endedAt - freedAt),
  )
  await receiver.end('SIGTERM')
  const { states } = readDump(path)
  const falseAcks = settled.filter(
    ({ status, id, endedAt }) => status === 200 && (!states.has(id) || endedAt < freedAt),
  )
  const slowest = most(settled.map(({ startedAt, endedAt }) => endedAt - startedAt))
  return {
    figures: `locked ${LOCKED_MS / 1_000} s: ${settled.filter(isRefused).length} × 503 (≤ ${count(slowest)} ms), ${falseAcks.length} false 2xx, the rest within ${count(recoveryMs)} ms of its end`,
    failures: failuresOf({
      'locked: every answer is 200 or 503': settled.every((one) => one.status === 200 || isRefused(one)),
      'locked: some are refused': settled.some(isRefused),
      'locked: no false 2xx': falseAcks.length === 0,
      [`locked: an answer within 2500 ms (×${SLACK})`]: slowest <= 2_500 * SLACK,
    }),
  }
}

function isRefused({ status }: Attempt): boolean {
  return status === 503
}
