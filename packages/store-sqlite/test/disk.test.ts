import { createFakeClock } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/lib/database.ts'
import { createGroupCommit } from '../src/lib/group-commit.ts'
import { temporaryFile } from './temporary-file.ts'

const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

/** A group commit on a disk that writes when the test says so. */
function openScene() {
  const database = openDatabase(temporaryFile())
  database.exec('CREATE TABLE notes (id INTEGER)')
  const syncs: { done(): void; fail(): void }[] = []
  const sync = () =>
    new Promise<void>((resolve, reject) => {
      syncs.push({ done: resolve, fail: () => reject(new TypeError('EIO')) })
    })
  const group = createGroupCommit(database, createFakeClock(), {}, { sync })
  onTestFinished(async () => {
    for (const { done } of syncs) done()
    await group.close()
  })
  const acknowledged: number[] = []
  const note = async (id: number) => {
    await group.write(() => database.exec(`INSERT INTO notes VALUES (${id})`))
    acknowledged.push(id)
  }
  const stored = () => database.prepare('SELECT id FROM notes').all().length
  return { group, syncs, note, acknowledged, stored }
}

const turns = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('what is committed is acknowledged when the disk has it, and the event loop turns meanwhile', async () => {
  const { syncs, note, acknowledged, stored } = openScene()
  const noted = note(1)
  await turns()
  expect([stored(), acknowledged]).toEqual([1, []])
  syncs[0]!.done()
  await noted
  expect(acknowledged).toEqual([1])
})

test('what arrives while the disk is busy commits afterwards, together and in order', async () => {
  const { syncs, note, acknowledged, stored } = openScene()
  const noted = [note(1)]
  await turns()
  noted.push(note(2), note(3))
  await turns()
  expect(stored()).toBe(1)
  syncs[0]!.done()
  await turns()
  expect([stored(), syncs.length, acknowledged]).toEqual([3, 2, [1]])
  syncs[1]!.done()
  await Promise.all(noted)
  expect(acknowledged).toEqual([1, 2, 3])
})

test('after the disk failed once nothing more is acknowledged', async () => {
  const { syncs, note, acknowledged } = openScene()
  const noted = [note(1)]
  await turns()
  noted.push(note(2))
  syncs[0]!.fail()
  const results = await Promise.allSettled(noted)
  expect(results).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }])
  await expect(note(3)).rejects.toMatchObject(UNAVAILABLE)
  expect([syncs.length, acknowledged]).toEqual([1, []])
})

test('close waits for the disk', async () => {
  const { group, syncs, note, acknowledged } = openScene()
  const noted = note(1)
  await turns()
  let closed = false
  const closing = group.close().then(() => {
    closed = true
  })
  await turns()
  expect(closed).toBe(false)
  syncs[0]!.done()
  await Promise.all([noted, closing])
  expect(acknowledged).toEqual([1])
})
