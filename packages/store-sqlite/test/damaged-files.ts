import { closeSync, cpSync, existsSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { createSqliteQueue } from '../src/index.ts'
import { startChild } from './children/start-child.ts'
import { temporaryFile } from './temporary-file.ts'

/** The files of a queue, by what is appended to its path. */
export const SUFFIXES = ['', '-wal', '-shm', '-acked'] as const

/** The files of a queue whose process was killed, and what it had acknowledged. */
export interface Remains {
  path: string
  /** The keys it had acknowledged. */
  acknowledged: string[]
  /** The database alone, as it was before the process that was killed. */
  older: string
}

/** Makes a queue with deliveries in its database, and more of them in the log of a killed process. */
export async function leaveRemains(): Promise<Remains> {
  const [path, older] = [temporaryFile(), temporaryFile()]
  const queue = createSqliteQueue({ path })
  const messages = Array.from({ length: 300 }, (_, index) => queuedDelivery({ id: `settled-${index}` }))
  await Promise.all(messages.map((message) => queue.enqueue(message)))
  await queue.close()
  cpSync(path, older)

  const acknowledged = messages.map(({ key }) => key)
  // Few enough for the log to hold all of them: no checkpoint runs in between.
  const child = startChild('./enqueue-then-die.ts', path, 'late', '80')
  child.onLine((key) => acknowledged.push(key))
  await child.ended
  return { path, acknowledged, older }
}

/** Copies the files of a queue into a folder of their own. */
export function copyFiles(path: string): string {
  const copy = temporaryFile()
  for (const suffix of SUFFIXES) if (existsSync(path + suffix)) cpSync(path + suffix, copy + suffix)
  return copy
}

/** Changes one bit of a file. */
export function flipBit(path: string, position: number, bit: number): void {
  const byte = readFileSync(path)[position]!
  overwrite(path, position, Uint8Array.of(byte ^ (1 << bit)))
}

export function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
}

/** The size of a file, in bytes. */
export const sizeOf = (path: string) => statSync(path).size

/** Deletes files of a queue. */
export const remove = (path: string, ...suffixes: string[]) => {
  for (const suffix of suffixes) rmSync(path + suffix)
}

/** The fate of a damaged queue: refused with a code, or each delivery is as it was acknowledged or a dead letter. */
export type Verdict = { refused: string } | { wrong: string } | { refused: undefined }

/** Opens a queue as if nothing had happened, adds to it, and handles everything in it. */
export async function examine(path: string, acknowledged: readonly string[]): Promise<Verdict> {
  const found = new Map<string, QueuedDelivery>()
  const fresh = queuedDelivery()
  const clock = createFakeClock(Date.now() + 3_600_000)
  // Deliveries of which nothing can be trusted, not even the key.
  let corrupt = 0
  let queue: ReturnType<typeof createSqliteQueue> | undefined
  try {
    queue = createSqliteQueue({ path, clock })
    if ((await queue.enqueue(fresh)) !== 'enqueued') return { wrong: 'a fresh delivery is a duplicate' }
    await queue.drain(async (message) => void found.set(message.key, message))
    const letters = await queue.deadLetters.list({ limit: 10_000 })
    corrupt = letters.filter(({ reason }) => reason === 'corrupt').length
    for (const { message, reason } of letters) if (reason !== 'corrupt') found.set(message.key, message)
    const left = await queue.stats()
    if (left.pending + left.running + left.retrying > 0) return { wrong: `stuck: ${JSON.stringify(left)}` }
  } catch (error) {
    if (!(error instanceof WebhookUnavailableError)) return { wrong: `no code: ${String(error)}` }
    return changed(found) ?? { refused: error.code }
  } finally {
    await queue?.close()
  }
  const missing = [...acknowledged, fresh.key].filter((key) => !found.has(key))
  if (missing.length > corrupt) return { wrong: `${missing.length} missing, for instance ${missing[0]}` }
  return changed(found) ?? { refused: undefined }
}

function changed(found: ReadonlyMap<string, QueuedDelivery>): Verdict | undefined {
  const { body } = queuedDelivery()
  for (const message of found.values()) {
    const intact = message.key === `default:${message.id}` && Buffer.compare(message.body, body) === 0
    if (!intact) return { wrong: `${message.key} was handed out changed` }
  }
  return undefined
}
