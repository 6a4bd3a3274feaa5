import { useEffect, useState } from 'preact/hooks'
import { control } from '../api/client.ts'
import type { Clock } from '../api/types.ts'
import { useData } from './use-data.ts'

const TICK_MS = 1000

/** The emulator's clock, which goes on between two readings. */
export function useClock(): Clock | undefined {
  const { value } = useData<{ clock: Clock; readAt: number }>(readClock, [])
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  if (value === undefined) return undefined
  const { clock, readAt } = value
  return clock.paused ? clock : { ...clock, now: clock.now + Math.max(0, now - readAt) }
}

async function readClock() {
  return { clock: await control<Clock>('/clock'), readAt: Date.now() }
}
