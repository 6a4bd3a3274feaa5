import { expect, test } from 'vitest'
import { createFakeClock } from '../src/index.ts'

const START_MS = 1_000_000

test('the time stands still until it is advanced', async () => {
  const clock = createFakeClock(START_MS)
  expect(clock.now()).toBe(START_MS)
  await clock.advance(1_500)
  expect(clock.now()).toBe(START_MS + 1_500)
})

test('tasks run in the order they fall due, each at its own time', async () => {
  const clock = createFakeClock(START_MS)
  const ran: [string, number][] = []
  const note = (name: string) => () => void ran.push([name, clock.now() - START_MS])
  clock.schedule(note('late'), 300)
  clock.schedule(note('early'), 100)
  clock.schedule(note('early too'), 100)
  await clock.advance(300)
  expect(ran).toEqual([
    ['early', 100],
    ['early too', 100],
    ['late', 300],
  ])
})

test('a task that is not due yet does not run', async () => {
  const clock = createFakeClock(START_MS)
  let runs = 0
  clock.schedule(() => void runs++, 100)
  await clock.advance(99)
  expect(runs).toBe(0)
  await clock.advance(1)
  await clock.advance(1_000)
  expect(runs).toBe(1)
})

test('a task without delay runs when the clock is advanced by 0', async () => {
  const clock = createFakeClock(START_MS)
  let runs = 0
  for (const delayMs of [0, -5, Number.NaN]) clock.schedule(() => void runs++, delayMs)
  expect(runs).toBe(0)
  await clock.advance(0)
  expect(runs).toBe(3)
})

test('a cancelled task does not run', async () => {
  const clock = createFakeClock(START_MS)
  let runs = 0
  const cancel = clock.schedule(() => void runs++, 100)
  cancel()
  cancel()
  await clock.advance(1_000)
  expect(runs).toBe(0)
})

test('a task may cancel another that is due at the same time', async () => {
  const clock = createFakeClock(START_MS)
  let runs = 0
  let cancel = () => {}
  clock.schedule(() => cancel(), 100)
  cancel = clock.schedule(() => void runs++, 100)
  await clock.advance(100)
  expect(runs).toBe(0)
})

test('what a task schedules runs in the same advance when it is due by then', async () => {
  const clock = createFakeClock(START_MS)
  const ticks: number[] = []
  const tick = () => {
    ticks.push(clock.now() - START_MS)
    clock.schedule(tick, 100)
  }
  clock.schedule(tick, 100)
  await clock.advance(350)
  expect(ticks).toEqual([100, 200, 300])
})

test('promises that a task started settle before the next task runs', async () => {
  const clock = createFakeClock(START_MS)
  const ran: string[] = []
  clock.schedule(async () => {
    for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve))
    ran.push('first, after 12 turns of the loop')
  }, 100)
  clock.schedule(() => void ran.push('second'), 100)
  await clock.advance(100)
  expect(ran).toEqual(['first, after 12 turns of the loop', 'second'])
})

test('code that was started before an advance schedules its tasks in time for it', async () => {
  const clock = createFakeClock(START_MS)
  let woke = 0
  const sleep = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise<void>((resolve) => clock.schedule(resolve, 100))
    woke = clock.now() - START_MS
  }
  const sleeping = sleep()
  await clock.advance(500)
  await sleeping
  expect(woke).toBe(100)
})
