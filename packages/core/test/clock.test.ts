import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../src/queue.ts'

const DAY_MS = 24 * 3_600_000

test('the system clock waits as long as it is told, also beyond the 24.8 days of one timer', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const ran: string[] = []
  systemClock.schedule(() => ran.push('60 days'), 60 * DAY_MS)
  const cancel = systemClock.schedule(() => ran.push('cancelled'), 30 * DAY_MS)
  vi.advanceTimersByTime(29 * DAY_MS)
  cancel()
  vi.advanceTimersByTime(31 * DAY_MS - 1)
  expect(ran).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ran).toEqual(['60 days'])
})
