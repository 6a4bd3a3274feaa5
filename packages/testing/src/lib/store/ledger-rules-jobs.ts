import { assertEqual } from '../shared/assert.ts'
import { at, type Define, ENDPOINT, EXPIRES_AT, keyOf, NOW } from './ledger-harness.ts'

const DAY_MINUTES = 24 * 60

/** Rules about jobs and their events. */
export function defineJobs(define: Define): void {
  define('a job is found exactly as it was added', async ({ ledger, find }) => {
    const job = {
      endpoint: ENDPOINT,
      id: 'a',
      name: 'models/m/operations/a',
      createdAt: NOW,
      lookAt: at(5),
      userMetadata: '{"é":1}',
    }
    assertEqual(await ledger.open(job), true, 'adding it')
    assertEqual(await find('a'), { ...job, lookups: 0 }, 'job')
    assertEqual(await ledger.find(keyOf('b')), undefined, 'another job')
  })

  define('a known job is not added again', async ({ ledger, open, find, end }) => {
    await open('a', 1)
    assertEqual(await open('a', 9), false, 'adding it again')
    assertEqual((await find('a')).lookAt, at(1), 'its next look-up')
    await end('a')
    await ledger.settle(keyOf('a'), NOW)
    assertEqual(await open('a', 9), false, 'adding it after its end')
  })

  define('endpoints do not see the jobs of each other', async ({ ledger, open, end, find, take }) => {
    const other = { endpoint: 'other:job:a', id: 'a' }
    const times = { now: NOW, expiresAt: at(9) }
    await open('a', 1)
    assertEqual(await ledger.find(other), undefined, 'job of the other endpoint')
    const added = { ...other, name: 'batches/other', createdAt: NOW, lookAt: at(0) }
    assertEqual(await ledger.open(added), true, 'adding the same id to the other endpoint')
    assertEqual(await take({ endpoint: 'other:job:a' }), ['a'], 'due jobs of the other endpoint')
    assertEqual(await ledger.nextLookAt(other.endpoint, at(1)), at(10), 'next look-up of the other endpoint')
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(1), 'next look-up of the first endpoint')
    assertEqual(
      await ledger.nextLookAt('third', at(1)),
      undefined,
      'next look-up of an endpoint without jobs',
    )
    await ledger.end({ ...other, name: 'batches/other', event: '{"other":1}', ...times })
    assertEqual((await find('a')).event, undefined, 'event of the first endpoint')
    assertEqual(await end('a'), true, 'first event of the first endpoint')
    await ledger.settle(other, NOW)
    await ledger.postpone(other, at(0))
    assertEqual((await find('a')).lookups, 0, 'look-ups of the first endpoint')
    assertEqual(await take({ takenBefore: at(9) }), ['a'], 'open jobs of the first endpoint')
    assertEqual(await take({ endpoint: 'other:job:a', takenBefore: at(9) }), [], 'those of the other')
  })

  define('exactly one of 20 concurrent calls adds a job', async ({ open }) => {
    const added = await Promise.all(Array.from({ length: 20 }, () => open('a')))
    assertEqual(added.filter(Boolean).length, 1, 'calls that added it')
  })

  define('only the first event of a job counts', async ({ open, end, find }) => {
    await open('a')
    assertEqual(await end('a', '{"first":true}'), true, 'first event')
    assertEqual(await end('a', '{"first":false}'), false, 'second event')
    assertEqual((await find('a')).event, '{"first":true}', 'event')
  })

  define('exactly one of 20 concurrent events counts', async ({ open, end }) => {
    await open('a')
    const ended = await Promise.all(Array.from({ length: 20 }, (_, index) => end('a', String(index))))
    assertEqual(ended.filter(Boolean).length, 1, 'events that counted')
  })

  define('a job that was never added can end', async ({ ledger, end, open, find }) => {
    assertEqual(await end('a', '{"x":1}'), true, 'event')
    const job = {
      ...keyOf('a'),
      name: 'batches/a',
      createdAt: NOW,
      lookAt: NOW,
      lookups: 0,
      event: '{"x":1}',
    }
    assertEqual(await find('a'), job, 'job')
    assertEqual(await open('a'), false, 'adding it afterwards')
    await ledger.settle(keyOf('a'), NOW)
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), undefined, 'next look-up')
  })

  define('an event keeps every character', async ({ end, find }) => {
    const event = JSON.stringify({ text: 'é🙂\n"\\', long: 'x'.repeat(100_000) })
    await end('a', event)
    assertEqual((await find('a')).event, event, 'event')
  })
}

/** Rules about jobs whose end was not found. */
export function defineGivingUp(define: Define): void {
  const end = (id: string, event: string) => ({
    ...keyOf(id),
    name: id,
    event,
    now: at(1),
    expiresAt: EXPIRES_AT,
  })

  define('a job that was given up is settled, with an event that says so', async (harness) => {
    const { ledger, open, find, take } = harness
    await open('a')
    assertEqual(await ledger.giveUp(end('a', '"gone"')), true, 'giving it up')
    assertEqual(await ledger.giveUp(end('unknown', '"gone"')), true, 'giving up a job that was never added')
    const { event, name, createdAt } = await find('a')
    assertEqual([event, name, createdAt], ['"gone"', 'batches/a', NOW], 'job')
    assertEqual((await find('unknown')).name, 'unknown', 'job that was never added')
    assertEqual(await take({ dueAt: at(100) }), [], 'due jobs')
    assertEqual(await take({ takenBefore: at(100) }), [], 'any jobs')
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), undefined, 'next look-up')
  })

  define('a job that has ended cannot be given up', async ({ ledger, open, find, ...harness }) => {
    await open('a')
    await harness.end('a', '"real"')
    assertEqual(await ledger.giveUp(end('a', '"gone"')), false, 'while it is open')
    assertEqual(await harness.take({ dueAt: at(1) }), ['a'], 'due jobs')
    await ledger.settle(keyOf('a'), NOW)
    assertEqual(await ledger.giveUp(end('a', '"gone"')), false, 'when it is settled')
    assertEqual((await find('a')).event, '"real"', 'event')
  })

  define('an event opens a job again that was given up', async ({ ledger, open, find, ...harness }) => {
    for (const id of ['a', 'b']) await open(id)
    for (const id of ['a', 'b', 'unknown']) await ledger.giveUp(end(id, '"gone"'))
    for (const id of ['a', 'unknown']) {
      assertEqual(await ledger.end(end(id, '"real"')), true, 'event')
      assertEqual(await ledger.end(end(id, '"second"')), false, 'second event')
      assertEqual(await ledger.giveUp(end(id, '"gone"')), false, 'giving it up again')
      assertEqual((await find(id)).event, '"real"', 'event that counts')
    }
    assertEqual((await harness.take({ dueAt: at(1) })).sort(), ['a', 'unknown'], 'due jobs')
    await harness.passTo(8 * DAY_MINUTES)
    assertEqual(await ledger.find(keyOf('b')), undefined, 'job that stayed given up, after its expiry')
    assertEqual((await find('a')).event, '"real"', 'open job, after its expiry')
  })

  define(
    'a job that was given up can be given up again, with another event',
    async ({ ledger, find, ...harness }) => {
      assertEqual(await ledger.giveUp(end('a', '"first"')), true, 'the first time')
      await harness.passTo(6 * DAY_MINUTES)
      const later = { now: at(6 * DAY_MINUTES), expiresAt: at(13 * DAY_MINUTES) }
      assertEqual(await ledger.giveUp({ ...end('a', '"second"'), ...later }), true, 'the second time')
      assertEqual((await find('a')).event, '"second"', 'event')
      await harness.passTo(8 * DAY_MINUTES)
      assertEqual((await find('a')).event, '"second"', 'event, after the first expiry')
    },
  )

  define('a job that was given up can be added anew', async ({ ledger, find, take, ...harness }) => {
    const job = { ...keyOf('a'), name: 'batches/a', createdAt: NOW, lookAt: at(0), userMetadata: '{}' }
    await ledger.open(job)
    await take()
    await ledger.giveUp(end('a', '"gone"'))
    const { userMetadata: _, ...anew } = { ...job, createdAt: at(2), lookAt: at(3) }
    assertEqual(await ledger.open(anew), true, 'adding it')
    assertEqual(await find('a'), { ...anew, lookups: 0 }, 'job')
    assertEqual(await take({ takenBefore: at(1) }), ['a'], 'jobs that were not taken')
    await harness.passTo(8 * DAY_MINUTES)
    assertEqual((await find('a')).event, undefined, 'open job, after the expiry of the first')
    assertEqual(await ledger.open(anew), false, 'adding it once more')
  })
}

/** Rules about taking jobs for a look-up. */
export function defineTaking(define: Define): void {
  define('due jobs are taken, the earliest first, up to the limit', async ({ open, take }) => {
    await open('late', 2)
    await open('second', 0.5)
    await open('first', 0)
    await open('third', 1)
    assertEqual(await take({ limit: 2 }), ['first', 'second'], 'first two')
    assertEqual(await take(), ['third'], 'the rest of those that are due')
  })

  define('a taken job is due again at the given time', async ({ open, take, find }) => {
    await open('a')
    assertEqual(await take(), ['a'], 'first time')
    assertEqual(await take({ dueAt: at(10) - 1 }), [], 'just before it is due again')
    assertEqual(await take({ dueAt: at(10), until: at(20) }), ['a'], 'when it is due again')
    const { lookups, lookAt } = await find('a')
    assertEqual([lookups, lookAt], [2, at(20)], 'number of look-ups, and the next')
  })

  define('each of 20 jobs is taken by exactly one of 5 concurrent calls', async ({ open, take }) => {
    for (let index = 0; index < 20; index++) await open(`job-${index}`, 0)
    const taken = await Promise.all(Array.from({ length: 5 }, () => take({ limit: 7 })))
    assertEqual(taken.flat().length, 20, 'taken jobs')
    assertEqual(new Set(taken.flat()).size, 20, 'different jobs')
  })

  define('jobs can be taken before they are due, unless they were taken recently', async ({ open, take }) => {
    await open('a', 500)
    await open('b', 600)
    await open('due', 0)
    assertEqual(await take({ now: at(1) }), ['due'], 'due')
    assertEqual(
      (await take({ takenBefore: at(1), now: at(2) })).sort(),
      ['a', 'b'],
      'not taken before minute 1',
    )
    assertEqual(await take({ takenBefore: at(2), now: at(3) }), ['due'], 'not taken before minute 2')
    assertEqual(await take({ takenBefore: at(2), now: at(3) }), [], 'nothing is left')
  })

  define('an ended job is taken until it is settled', async ({ ledger, open, take, end }) => {
    await open('a', 0)
    await end('a', '{"x":1}')
    const [taken] = await ledger.take({
      endpoint: ENDPOINT,
      dueAt: at(1),
      now: at(1),
      until: at(2),
      limit: 1,
    })
    const before = {
      ...keyOf('a'),
      name: 'batches/a',
      createdAt: NOW,
      lookAt: at(0),
      lookups: 0,
      event: '{"x":1}',
    }
    assertEqual(taken, before, 'the taken job as it was before')
    await ledger.settle(keyOf('a'), NOW)
    assertEqual(await take({ dueAt: at(100) }), [], 'due jobs after it was settled')
    assertEqual(await take({ takenBefore: at(100) }), [], 'any jobs after it was settled')
    await ledger.settle(keyOf('unknown'), NOW)
  })

  define(
    'the next look-up can be moved, but not that of a settled job',
    async ({ ledger, open, take, end }) => {
      await open('a', 5)
      await open('b', 7)
      assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(5), 'next look-up')
      await ledger.postpone(keyOf('a'), at(9))
      assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(7), 'next look-up after it was moved')
      for (const id of ['a', 'b']) {
        await end(id)
        await ledger.settle(keyOf(id), NOW)
        await ledger.postpone(keyOf(id), at(1))
      }
      await ledger.postpone(keyOf('unknown'), at(1))
      assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), undefined, 'next look-up when all are settled')
      assertEqual(await take(), [], 'due jobs')
    },
  )
}
