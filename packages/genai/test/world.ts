import { setImmediate as turn } from 'node:timers/promises'
import { GoogleGenAI } from '@google/genai'
import { createReceiver as createCoreReceiver, type Receiver, type ReceiverOptions } from '@gwh/core'
import type { JobLedger } from '@gwh/core/store'
import { createEmulator, type EmulatorOptions } from '@gwh/emulator'
import { createFakeClock } from '@gwh/testing'
import { onTestFinished } from 'vitest'
import {
  createJobs,
  createWebhookConfig,
  type Jobs,
  type JobsOptions,
  type JobsSignal,
} from '../src/index.ts'
import { JOB_KEY, MODEL } from './support.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const START_MS = Date.UTC(2026, 10, 21, 12)
const QUIET_TURNS = 5
const BASE = 'http://127.0.0.1:1'

/** Google, a receiver and its jobs in one process and on one virtual clock, without sockets. */
export async function createWorld(emulatorOptions: EmulatorOptions = {}) {
  const clock = createFakeClock(START_MS)
  const state = {
    /** Receivers by the path that webhooks go to; one that is missing cannot be reached. */
    receivers: new Map<string, Receiver>(),
    /** Whether the API answers. */
    apiUp: true,
    calls: [] as string[],
  }
  let busy = 0
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    busy++
    try {
      return await work()
    } finally {
      busy--
    }
  }
  const deliver: typeof fetch = async (input, init) =>
    await counted(async () => {
      const request = new Request(input, init)
      const receiver = state.receivers.get(new URL(request.url).pathname)
      if (!receiver) throw new TypeError('nobody listens')
      return await receiver.fetch(request)
    })
  const emulator = createEmulator({
    now: () => START_MS,
    random: () => 0.5,
    fetch: deliver,
    ...emulatorOptions,
  })
  emulator.clock.pause()
  onTestFinished(() => emulator.close())
  const callApi: typeof fetch = async (input, init) =>
    await counted(async () => {
      const request = new Request(input, init)
      const { pathname } = new URL(request.url)
      state.calls.push(`${request.method} ${pathname.replace(/^\/v1\//, '')}`)
      if (!state.apiUp) throw new TypeError('connect ECONNREFUSED')
      return await emulator.fetch(request)
    })
  const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: BASE, fetch: callApi } })
  const jwks = await (await emulator.fetch(new Request(`${BASE}/.well-known/jwks.json`))).json()

  /** A receiver that webhooks to a path reach. */
  const createReceiver = (path: string, options: Partial<ReceiverOptions> = {}) => {
    const receiver = createCoreReceiver({
      dynamic: { jobKey: JOB_KEY, jwks },
      clock,
      now: () => emulator.clock.now(),
      observer: () => {},
      ...options,
    })
    state.receivers.set(path, receiver)
    return receiver
  }
  const settle = async () => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turn()
      if (busy > 0) quiet = 0
    }
  }
  return {
    clock,
    emulator,
    client,
    state,
    /** The requests that ask how a job is. */
    gets: () => state.calls.filter((call) => call.startsWith('GET')),
    /** Moves the time of everything, in steps. */
    async advance(ms: number, stepMs: number = MINUTE_MS) {
      for (let left = ms; left > 0; left -= stepMs) {
        await emulator.clock.advance(Math.min(stepMs, left))
        await clock.advance(Math.min(stepMs, left))
        await settle()
      }
    },
    settle,
    createReceiver,
    /** A process that handles events: a receiver and its jobs. */
    start(
      path: string,
      options: Partial<ReceiverOptions> & { jobs?: Partial<JobsOptions>; ledger?: JobLedger } = {},
    ) {
      const { jobs: jobsOptions, ledger, ...receiverOptions } = options
      const receiver = createReceiver(path, receiverOptions)
      const signals: JobsSignal[] = []
      const jobs: Jobs = createJobs({
        client,
        receiver,
        clock,
        random: () => 0.5,
        observer: (signal) => signals.push(signal),
        ...(ledger && { ledger }),
        ...jobsOptions,
      })
      onTestFinished(() => jobs.close())
      return { receiver, jobs, signals }
    },
    webhookConfig: (path: string, userMetadata: Record<string, unknown> = {}) =>
      createWebhookConfig({
        uris: [`http://127.0.0.1:2${path}`],
        userMetadata,
        jobKey: JOB_KEY,
        now: () => clock.now(),
      }),
    async createBatch(path: string, userMetadata: Record<string, unknown> = {}) {
      return await client.batches.create({
        model: MODEL,
        src: [{ contents: [{ parts: [{ text: 'one' }] }], metadata: { key: 'k1' } }],
        config: { webhookConfig: await this.webhookConfig(path, userMetadata) },
      })
    },
    async createInteraction(path: string, userMetadata: Record<string, unknown> = {}) {
      const webhook_config = await this.webhookConfig(path, userMetadata)
      return await client.interactions.create({ model: MODEL, input: 'hi', background: true, webhook_config })
    },
  }
}
