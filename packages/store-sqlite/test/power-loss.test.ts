import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openDatabase } from '../src/lib/database/database.ts'
import { lostKeys, PowerCut, printedTooEarly } from './power-loss.ts'
import { seededRandom } from './seeded-random.ts'
import { type FileCall, trace } from './strace.ts'
import { temporaryFile } from './temporary-file.ts'

const COUNT = 200

const script = (name: string) => fileURLToPath(new URL(`./children/${name}`, import.meta.url))
const binary = (name: string) => fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url))

const FROM_SOURCE = '--conditions=@gwh/source'
const RUNTIMES: Record<string, string[]> = {
  Node: [process.execPath, FROM_SOURCE, '--experimental-strip-types', '--no-warnings'],
  Bun: [binary('bun'), FROM_SOURCE],
  Deno: [binary('deno'), 'run', '--allow-all', '--no-prompt', FROM_SOURCE],
}

function run(name: string, runtime = 'Node'): { path: string; calls: FileCall[]; acknowledged: string[] } {
  const path = temporaryFile()
  const calls = trace(path, [...RUNTIMES[runtime]!, script(name), path, String(COUNT)])
  const acknowledged = calls.flatMap((call) => (call.call === 'print' ? [toKey(call.line)] : []))
  return { path, calls, acknowledged }
}

const toKey = (line: string) => line.slice('ack '.length)

test.each(Object.keys(RUNTIMES))(
  'no acknowledgement is sent before everything written to the log is synced, on %s',
  { timeout: 120_000 },
  (runtime) => {
    const { calls, acknowledged, path } = run('acknowledge.ts', runtime)
    expect(acknowledged.length).toBeGreaterThanOrEqual(COUNT)
    expect(calls.some((call) => call.call === 'write' && call.path === `${path}-wal`)).toBe(true)
    expect(printedTooEarly(calls)).toEqual([])
  },
)

test('a connection that does not sync before it commits is detected', { timeout: 60_000 }, () => {
  const { calls } = run('acknowledge-unsafely.ts')
  expect(printedTooEarly(calls).length).toBeGreaterThan(COUNT / 2)
})

test('a power cut at any acknowledgement loses nothing that was acknowledged', { timeout: 120_000 }, () => {
  const random = seededRandom('power cuts')
  const { path, calls, acknowledged } = run('acknowledge.ts')
  const [points, lost] = cutPowerEverywhere(path, calls, random)
  expect(points).toBeGreaterThanOrEqual(COUNT)
  expect(acknowledged).toHaveLength(new Set(acknowledged).size)
  expect(lost).toEqual([])
})

test('a power cut shows what a connection that does not sync loses', { timeout: 120_000 }, () => {
  const { path, calls } = run('acknowledge-unsafely.ts')
  const [, lost] = cutPowerEverywhere(path, calls, () => 0)
  expect(lost.length).toBeGreaterThan(COUNT / 2)
})

test('after a power cut the commit counter is never ahead of the database', { timeout: 120_000 }, () => {
  const { path, calls } = run('acknowledge.ts')
  const cut = new PowerCut()
  let points = 0
  for (const call of calls) {
    cut.replay(call)
    if (call.call !== 'write' || !call.path.endsWith('-acked') || ++points % 5 !== 0) continue
    const copy = cut.save(path)
    cut.saveCommitCounter(path, copy)
    openDatabase(copy).close()
  }
  expect(points).toBeGreaterThan(COUNT / 4)
})

/** Cuts the power at each acknowledgement, and now and then in the middle of a write to the log. */
function cutPowerEverywhere(path: string, calls: readonly FileCall[], random: () => number) {
  const cut = new PowerCut()
  const acknowledged: string[] = []
  const lost: string[] = []
  let points = 0
  for (const call of calls) {
    cut.replay(call)
    if (call.call === 'print') acknowledged.push(toKey(call.line))
    const midWrite = call.call === 'write' && acknowledged.length > 0 && random() > 0.98
    if (call.call !== 'print' && !midWrite) continue
    points++
    const copy = cut.save(path, midWrite ? random() : 0)
    lost.push(...lostKeys(copy, acknowledged))
    rmSync(dirname(copy), { recursive: true })
  }
  return [points, lost] as const
}
