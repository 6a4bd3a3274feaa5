import { beforeEach, describe, expect, test } from 'vitest'
import { createDeadlines } from '../src/lib/http/body-deadlines.ts'
import { createFakeClock } from './support.ts'

const DELAY_MS = 1_000

/** A clock whose timers are counted, and can be lost. */
function createCountedClock() {
  const clock = createFakeClock()
  const counts = { set: 0, open: 0 }
  return {
    ...clock,
    counts,
    losesTimers: false,
    schedule(task: () => void, delayMs: number) {
      if (this.losesTimers) return () => {}
      counts.set++
      counts.open++
      let isOpen = true
      const end = () => {
        if (isOpen) counts.open--
        isOpen = false
      }
      const cancel = clock.schedule(() => {
        end()
        task()
      }, delayMs)
      return () => {
        end()
        cancel()
      }
    },
  }
}

describe('deadlines with a shared timer', () => {
  let clock = createCountedClock()
  let add = createDeadlines(clock, DELAY_MS)
  let called: string[] = []

  beforeEach(() => {
    clock = createCountedClock()
    add = createDeadlines(clock, DELAY_MS)
    called = []
  })

  const addNamed = (name: string) => add(() => called.push(name))

  test('call each task after its delay, not before', async () => {
    addNamed('first')
    await clock.advance(400)
    addNamed('second')
    await clock.advance(599)
    expect(called).toEqual([])
    await clock.advance(1)
    expect(called).toEqual(['first'])
    await clock.advance(399)
    expect(called).toEqual(['first'])
    await clock.advance(1)
    expect(called).toEqual(['first', 'second'])
  })

  test('never call a cancelled task', async () => {
    const cancel = addNamed('cancelled')
    addNamed('other')
    cancel()
    await clock.advance(10 * DELAY_MS)
    expect(called).toEqual(['other'])
  })

  test('set one timer for a thousand tasks that are cancelled', () => {
    for (let index = 0; index < 1_000; index++) addNamed('cancelled')()
    expect(clock.counts.set).toBe(1)
  })

  test('keep a process alive for 20 ms at most after the last task is cancelled', async () => {
    const cancel = addNamed('cancelled')
    await clock.advance(500)
    expect(clock.counts.open).toBe(1)
    cancel()
    expect(clock.counts.open).toBe(0)
    addNamed('cancelled')()
    await clock.advance(20)
    expect(clock.counts.open).toBe(0)
    expect(called).toEqual([])
  })

  test('still call tasks after a pause without any', async () => {
    addNamed('cancelled')()
    await clock.advance(10 * DELAY_MS)
    addNamed('late')
    await clock.advance(DELAY_MS)
    expect(called).toEqual(['late'])
  })

  test('set another timer if theirs is lost', async () => {
    clock.losesTimers = true
    addNamed('first')
    clock.losesTimers = false
    await clock.advance(1_021)
    addNamed('second')
    await clock.advance(100)
    expect(called).toEqual(['first'])
    await clock.advance(DELAY_MS)
    expect(called).toEqual(['first', 'second'])
  })

  test('give the process 100 ms more if it was busy', async () => {
    const cancel = addNamed('cancelled')
    addNamed('slow')
    await clock.advance(500)
    await clock.stall(5_000)
    expect(called).toEqual([])
    cancel()
    await clock.advance(100)
    expect(called).toEqual(['slow'])
  })

  test('give it that time too if other requests arrive meanwhile', async () => {
    const cancel = addNamed('arrived')
    addNamed('slow')
    await clock.advance(500)
    await clock.stall(5_000)
    addNamed('new')
    await clock.advance(99)
    expect(called).toEqual([])
    cancel()
    await clock.advance(1)
    expect(called).toEqual(['slow'])
  })
})
