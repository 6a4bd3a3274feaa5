import { createReceiver, type ReceiverSignal, verifyWebhook } from '@gwh/core'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { describe, expect, test } from 'vitest'
import {
  createFakeClock,
  dynamicDelivery,
  EVENT,
  JOB_KEY,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  staticDelivery,
} from './support.ts'

const OTHER_KEY = 'another job key of more than 32 characters'

/** A receiver whose secrets and job keys come from functions the test controls. */
function createRotating() {
  const clock = createFakeClock()
  const signals: ReceiverSignal[] = []
  const state = { secrets: SECRET as unknown, jobKey: JOB_KEY as unknown, calls: 0 }
  const supply = (value: unknown) => {
    state.calls++
    if (value instanceof Error) throw value
    return value as string
  }
  const receiver = createReceiver({
    static: { secrets: async () => supply(state.secrets) },
    dynamic: { jobKey: () => supply(state.jobKey), jwks: JWKS },
    clock,
    observer: (signal) => signals.push(signal),
  })
  let count = 0
  const timestamp = () => Math.floor(clock.now() / 1000)
  const post = async (secret?: string) => {
    const delivery = staticDelivery({ id: `msg_${count++}`, timestamp: timestamp() }, secret)
    return (await receiver.receive(delivery)).status
  }
  const postJob = async (jobKey: string) => {
    const token = await createJobToken({ jobKey, now: clock.now })
    const body = { ...EVENT, user_metadata: { [JOB_TOKEN_FIELD]: token } }
    const delivery = dynamicDelivery({ id: `msg_${count++}`, timestamp: timestamp(), body })
    return (await receiver.receive(delivery)).status
  }
  return { clock, signals, state, post, postJob }
}

describe('secrets from a function', () => {
  test('are loaded with the first delivery, then cached', async () => {
    const { state, post } = createRotating()
    expect(state.calls).toBe(0)
    for (let round = 0; round < 5; round++) expect(await post()).toBe(200)
    expect(state.calls).toBe(1)
  })

  test('are asked for again after an hour, so that one that was removed ends even if everything matches', async () => {
    const { state, clock, post } = createRotating()
    expect(await post()).toBe(200)
    state.secrets = OTHER_SECRET
    await clock.advance(3_599_999)
    expect(await post()).toBe(200)
    expect(state.calls).toBe(1)
    await clock.advance(1)
    await post()
    await clock.advance(0)
    expect(await post()).toBe(401)
    expect(await post(OTHER_SECRET)).toBe(200)
    expect(state.calls).toBe(2)
  })

  test('rotate without a restart: a delivery under the new secret is accepted at once', async () => {
    const { state, clock, post } = createRotating()
    await post()
    await clock.advance(30_000)
    state.secrets = [OTHER_SECRET, SECRET]
    expect(await post(OTHER_SECRET)).toBe(200)
    expect(await post(SECRET)).toBe(200)
    expect(state.calls).toBe(2)
  })

  test('are loaded six times in a minute and twice in the next ones, however many signatures are wrong', async () => {
    const { state, clock, post } = createRotating()
    await post()
    const calledAt: number[] = []
    for (let second = 0; second < 180; second++) {
      const before = state.calls
      expect(await Promise.all([post(OTHER_SECRET), post(OTHER_SECRET), post()])).toEqual([401, 401, 200])
      if (state.calls > before) calledAt.push(second)
      await clock.advance(1_000)
    }
    expect(calledAt).toEqual([1, 3, 7, 15, 31, 61, 91, 121, 151])
  })

  test('that are stored a few seconds after their first delivery are known seconds later, also a second time', async () => {
    const { state, clock, post } = createRotating()
    const third = 'whsec_dGhpcmQgc2VjcmV0IG9mIHRoZSByb3RhdGlvbiB0ZXN0cw=='
    expect(await post()).toBe(200)
    for (const [secrets, secret] of [
      [[OTHER_SECRET, SECRET], OTHER_SECRET],
      [[third, OTHER_SECRET], third],
    ] as const) {
      await clock.advance(10_000)
      const statuses = [await post(secret)]
      await clock.advance(2_000)
      state.secrets = secrets
      for (let second = 0; second < 4; second++) {
        statuses.push(await post(secret))
        await clock.advance(1_000)
      }
      expect([statuses[0], statuses.at(-1)]).toEqual([401, 200])
    }
  })

  test('are asked for soon again after a quiet minute', async () => {
    const { state, clock, post } = createRotating()
    await post()
    for (let second = 0; second < 40; second++) {
      await post(OTHER_SECRET)
      await clock.advance(1_000)
    }
    await clock.advance(60_000)
    expect(await post(OTHER_SECRET)).toBe(401)
    state.secrets = [OTHER_SECRET, SECRET]
    await clock.advance(1_000)
    expect(await post(OTHER_SECRET)).toBe(200)
  })

  test('stay in use while the function fails, which is signalled', async () => {
    const { state, clock, signals, post } = createRotating()
    await post()
    await clock.advance(30_000)
    state.secrets = new Error('vault is sealed')
    expect(await post(OTHER_SECRET)).toBe(401)
    expect(await post()).toBe(200)
    expect(signals).toContainEqual(
      expect.objectContaining({ type: 'warning', code: 'secret_unavailable', error: state.secrets }),
    )
  })

  test.each<[string, unknown]>([
    ['throws', new Error('vault is sealed')],
    ['returns nothing', undefined],
    ['returns an empty text', ''],
    ['returns no secret', 'whsec_short'],
  ])('that are missing because the function %s are answered 503 secret_unavailable', async (_, value) => {
    const { state, clock, signals, post } = createRotating()
    state.secrets = value
    expect(await post()).toBe(503)
    expect(await post()).toBe(503)
    expect(state.calls).toBe(1)
    expect(signals).toContainEqual(expect.objectContaining({ type: 'refused', code: 'secret_unavailable' }))
    state.secrets = SECRET
    await clock.advance(30_000)
    expect(await post()).toBe(200)
  })

  test('that never arrive do not delay a delivery forever', async () => {
    const { state, clock, post } = createRotating()
    state.secrets = new Promise(() => {})
    const answer = post()
    await clock.advance(10_000)
    expect(await answer).toBe(503)
  })
})

describe('job keys from a function', () => {
  test('rotate without a restart', async () => {
    const { state, clock, postJob } = createRotating()
    expect(await postJob(JOB_KEY)).toBe(200)
    await clock.advance(30_000)
    state.jobKey = [OTHER_KEY, JOB_KEY]
    expect(await postJob(OTHER_KEY)).toBe(200)
    expect(await postJob(JOB_KEY)).toBe(200)
    expect(state.calls).toBe(2)
  })

  test('are loaded once in 30 seconds, however many tokens are wrong', async () => {
    const { state, postJob } = createRotating()
    await postJob(JOB_KEY)
    for (let round = 0; round < 20; round++) expect(await postJob(OTHER_KEY)).toBe(403)
    expect(state.calls).toBe(1)
  })

  test('that are missing are answered 503, so that the sender tries again', async () => {
    const { state, postJob } = createRotating()
    state.jobKey = new Error('vault is sealed')
    expect(await postJob(JOB_KEY)).toBe(503)
  })
})

test('createJobToken takes the function too', async () => {
  await expect(createJobToken({ jobKey: async () => [JOB_KEY] })).resolves.toMatch(/^gwh1\./)
})

test('verifyWebhook calls the function every time', async () => {
  let calls = 0
  const secrets = () => {
    calls++
    return SECRET
  }
  for (let round = 0; round < 3; round++) {
    await verifyWebhook(staticDelivery({ timestamp: NOW_SECONDS }), { secrets, now: () => NOW })
  }
  expect(calls).toBe(3)
})
