import type { ReceiverSignal } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { findCanaries } from '../src/canaries.ts'
import { LOCAL_CASES } from '../src/local-cases.ts'
import { observeFault } from '../src/observe.ts'
import { REDIS_CASES } from '../src/redis-cases.ts'

const isRefusal = (signal: ReceiverSignal, status: number) =>
  signal.type === 'refused' && signal.status === status

describe.concurrent('nothing secret is reported', () => {
  test.each([...LOCAL_CASES, ...REDIS_CASES])('by a $backend: $fault', async (one) => {
    const observed = await observeFault(one)
    const failures = observed.signals.filter((signal) => signal.type === 'fault' || isRefusal(signal, 503))
    expect(failures).not.toEqual([])
    expect(findCanaries(observed)).toEqual([])
  })
})
