import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { temporaryFile } from './temporary-file.ts'

const SUFFIXES = ['', '-wal', '-shm', '-acked']
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function withUmask(mask: number): void {
  const before = process.umask(mask)
  onTestFinished(() => void process.umask(before))
}

test('every file is created for its owner only', async () => {
  withUmask(0o022)
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  const present = SUFFIXES.filter((suffix) => existsSync(path + suffix))
  expect(present).toContain('-acked')
  expect(present.map((suffix) => [suffix, modeOf(path + suffix)])).toEqual(
    present.map((suffix) => [suffix, '600']),
  )
})

test('a file that others may use keeps its permissions, and the files beside it get them', async () => {
  withUmask(0o002)
  const path = temporaryFile()
  new DatabaseSync(path).close()
  chmodSync(path, 0o660)
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  expect(['', '-wal', '-acked'].map((suffix) => modeOf(path + suffix))).toEqual(['660', '660', '660'])
})

test('during a long read the log is bounded: deliveries are refused, the log is reported, and emptied later', async () => {
  const path = temporaryFile()
  const clock = createFakeClock()
  const reports: number[] = []
  const maxLogBytes = 8 * 1024 * 1024
  const queue = createSqliteQueue({
    path,
    clock,
    maxLogBytes,
    onLogFull: ({ bytes }) => reports.push(bytes),
  })
  onTestFinished(() => queue.close())
  const reader = new DatabaseSync(path)
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM gwh_deliveries').get()

  const body = new Uint8Array(500_000)
  let refused: { code?: string } | undefined
  for (let index = 0; index < 100 && !refused; index++) {
    await clock.advance(250)
    refused = await queue.enqueue(queuedDelivery({ body })).then(
      () => undefined,
      (error: { code?: string }) => error,
    )
  }
  expect(refused).toMatchObject({ code: 'overloaded' })
  expect(queue.isFull?.()).toBe(true)
  expect(queue.whyFull?.()).toContain('write-ahead log')
  await clock.advance(250)
  expect(queue.isFull?.()).toBe(true)
  expect(reports).toHaveLength(1)
  expect(statSync(`${path}-wal`).size).toBeLessThan(2 * maxLogBytes)

  reader.close()
  await expect
    .poll(
      async () => {
        await clock.advance(250)
        return queue.isFull?.()
      },
      { timeout: 20_000 },
    )
    .toBe(false)
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
})

test('on a runtime without node:sqlite the error says what is needed', () => {
  const program = `import('@gwh/store-sqlite').catch(({ code, message }) => console.log(code, message))`
  const flags = ['--no-experimental-sqlite', '--conditions=@gwh/source', '--no-warnings']
  const options = { cwd: import.meta.dirname, encoding: 'utf8' } as const
  const said = execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], options)
  expect(said).toMatch(/^option_invalid @gwh\/store-sqlite needs node:sqlite.*Node 22\.13/)
})
