import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const MARKED = "WHERE id = 'damaged'"

const DAMAGE: Record<string, string> = {
  'another body': `UPDATE gwh_deliveries SET body = cast('{}' AS BLOB) ${MARKED}`,
  'another key': `UPDATE gwh_deliveries SET key = 'default:other' ${MARKED}`,
  'another hash of its key': `UPDATE gwh_deliveries SET key_hash = 1, checksum = 1 ${MARKED}`,
  'an id that is not UTF-8': `UPDATE gwh_deliveries SET id = cast(x'ff' AS TEXT) ${MARKED}`,
  'a timestamp no number can hold': `UPDATE gwh_deliveries SET timestamp = 9223372036854775807 ${MARKED}`,
  'an infinite time of receipt': `UPDATE gwh_deliveries SET received_at = 9e999 ${MARKED}`,
  'a key id that was lost': `UPDATE gwh_deliveries SET key_id = NULL ${MARKED}`,
  'another checksum': `UPDATE gwh_deliveries SET checksum = -9223372036854775808 ${MARKED}`,
  'the largest token': `UPDATE gwh_deliveries SET token = 9223372036854775807, checksum = 0 ${MARKED}`,
  'the largest count of attempts': `UPDATE gwh_deliveries SET attempts = 9223372036854775807, checksum = 0 ${MARKED}`,
  'a history that is not JSON': `UPDATE gwh_deliveries SET history = '{', checksum = 0 ${MARKED}`,
}

test.each(Object.entries(DAMAGE))(
  'a row with %s becomes a dead letter, and the queue continues',
  async (_, sql) => {
    const path = temporaryFile()
    const clock = createFakeClock()
    const first = createSqliteQueue({ path, clock })
    await first.enqueue(queuedDelivery({ id: 'damaged', receivedAt: 1 }))
    await first.enqueue(queuedDelivery({ id: 'intact' }))
    query(path, sql)
    await first.close()

    const queue = createSqliteQueue({ path, clock })
    onTestFinished(() => queue.close())
    expect(await queue.list()).toHaveLength(2)
    const handled: string[] = []
    const reasons: unknown[] = []
    await queue.drain(async ({ id }) => void handled.push(id), {
      onSettled: (settled) => settled.outcome === 'dead' && reasons.push(settled.reason),
    })
    expect(handled).toEqual(['intact'])
    expect(reasons).toEqual(['corrupt'])
    const [letter] = await queue.deadLetters.list()
    expect(letter).toMatchObject({ reason: 'corrupt', lastError: { code: 'store_corrupt' } })
    expect(letter?.event).toBeUndefined()
    expect(await queue.list()).toHaveLength(2)
    expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
    expect(await queue.stats()).toMatchObject({ dead: 1, done: 1, pending: 1, running: 0 })
  },
)

test('a delivery with a damaged attempt count still becomes a dead letter', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  query(path, 'UPDATE gwh_deliveries SET attempts = 9223372036854775807')
  await queue.drain(async () => {})
  expect(await queue.deadLetters.list()).toMatchObject([{ reason: 'attempts' }])
})

test.each([
  ['keyId', 'kid-\ud800'],
  ['keyId', 'kid-\0'],
  ['endpoint', '\udc00'],
])('a delivery whose %s cannot be stored is refused before it is acknowledged', async (field, text) => {
  const queue = createSqliteQueue({ path: temporaryFile() })
  onTestFinished(() => queue.close())
  await expect(queue.enqueue(queuedDelivery({ [field]: text }))).rejects.toMatchObject({
    code: 'option_invalid',
  })
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  expect(await queue.drain(async () => {})).toEqual({ processed: 1 })
})

test.each([
  'UPDATE gwh_deliveries SET seq = 9007199254740992',
  'UPDATE sqlite_sequence SET seq = 9007199254740992',
])('a file that counts further than a number can is refused when it is opened: %s', async (sql) => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  await queue.enqueue(queuedDelivery())
  await queue.close()
  query(path, sql)
  expect(() => createSqliteQueue({ path })).toThrow(
    expect.objectContaining({ code: 'store_corrupt', message: expect.stringContaining('2^53') }),
  )
})
