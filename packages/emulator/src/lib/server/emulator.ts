import { exportState, importState } from '../control/export.ts'
import { finish } from '../control/finish.ts'
import { redeliver } from '../control/redeliver.ts'
import { settled } from '../control/settled.ts'
import { trigger } from '../control/trigger.ts'
import { faultResponse, RequestFault } from '../http/faults.ts'
import type { Fields } from '../http/fields.ts'
import { toJson } from '../http/json.ts'
import { readScenario } from '../jobs/scenarios.ts'
import { EmulatorError } from '../shared/errors.ts'
import type { Faults } from '../shared/fault-types.ts'
import { type EmulatorOptions, readOptions } from '../shared/options.ts'
import type { Emulator, EmulatorClock, JobRef } from '../shared/types.ts'
import { createState, type EmulatorState, resume } from '../state/state.ts'
import { toSnapshot } from '../webhooks/registry.ts'
import { createApp } from './app.ts'
import { type RunningServer, startServer } from './listen.ts'

/**
 * Creates an emulator of Google's side of Gemini webhooks: the WebhookService, batches and interactions, and the
 * sender that signs, delivers and retries. It keeps everything in memory unless `state` names a file, and delivers
 * to this machine only unless `allowRemote` says otherwise.
 *
 * @example
 * ```ts
 * const emulator = createEmulator()
 * const { url } = await emulator.listen({ port: 8787 })
 * const ai = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } })
 * ```
 *
 * @throws TypeError on an unknown option, or a value that is not a number in range
 * @throws EmulatorError `state_in_use` or `state_unusable`
 */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const state = calling(() => createState(readOptions(options)))
  const app = calling(() => start(state))
  let server: Promise<RunningServer> | undefined
  const closed = rejectable()
  let closing: Promise<void> | undefined

  /** `env` is what the server gives beside the request. */
  async function fetch(request: Request, env?: object): Promise<Response> {
    if (closing === undefined) return app.fetch(request, env)
    return faultResponse(new RequestFault('closed', 'The emulator is closed.'), new URL(request.url).pathname)
  }

  function checkOpen(): void {
    if (closing !== undefined) throw new EmulatorError('closed', 'the emulator is closed')
  }

  async function close(): Promise<void> {
    closed.reject(new EmulatorError('closed', 'the emulator is closed'))
    state.jobs.stop()
    state.clock.stop()
    state.sender.abort()
    await state.clock.settled()
    const running = await server?.catch(() => undefined)
    await running?.close()
    await state.files.close()
    state.storage.close()
  }

  return {
    fetch,
    clock: publicClock(state),
    async listen({ port, hostname = '127.0.0.1' }) {
      checkOpen()
      if (server !== undefined) throw new EmulatorError('already_listening', 'the emulator listens already')
      server = startServer(fetch, { port, hostname })
      // A failed start leaves the emulator free to try another port.
      server.catch(() => {
        server = undefined
      })
      return { url: (await server).url }
    },
    close() {
      closing ??= close()
      return closing
    },
    async trigger({ userMetadata, ...event }) {
      checkOpen()
      const body = { ...event, ...(userMetadata && { user_metadata: userMetadata }) }
      return called(async () => trigger(state, toJson('The event', body) as Fields))
    },
    async finish(job, outcome) {
      checkOpen()
      return called(() => finish(state, idOf(job), outcome))
    },
    async redeliver(webhookId) {
      checkOpen()
      return calling(() => redeliver(state, webhookId))
    },
    scenarios: {
      add: (scenario) => state.scenarios.add(calling(() => readScenario(scenario))),
      remove: state.scenarios.remove,
      list: state.scenarios.list,
    },
    async inspectorUrl() {
      checkOpen()
      if (server === undefined) throw new EmulatorError('not_listening', 'the emulator does not listen')
      return `${(await server).url}/#ticket=${state.sessions.newTicket()}`
    },
    controlToken: state.settings.controlToken,
    settled: ({ timeoutMs } = {}) => Promise.race([settled(state, timeoutMs), closed.promise]),
    export: () => exportState(state),
    import(snapshot) {
      checkOpen()
      calling(() => importState(state, snapshot))
    },
    faults: publicFaults(state),
    async rotateKeys() {
      checkOpen()
      await state.keys.rotate()
    },
    webhooks: () => [...state.webhooks.all()].map((webhook) => toSnapshot(webhook, state.clock.now())),
    deliveries: () => state.sender.snapshots(),
    idle: () => state.clock.settled(),
  }
}

/** Defines the APIs and goes on with what an earlier process left. */
function start(state: EmulatorState): ReturnType<typeof createApp> {
  try {
    const app = createApp(state)
    resume(state, state.clock.now())
    return app
  } catch (error) {
    // The state file must not stay locked.
    state.clock.stop()
    state.storage.close()
    throw error
  }
}

/** A promise that can be rejected; nobody has to wait for it. */
function rejectable(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, no) => {
    reject = no
  })
  promise.catch(() => {})
  return { promise, reject }
}

function publicClock({ clock }: EmulatorState): EmulatorClock {
  return {
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    pause: () => clock.pause(),
    resume: () => clock.resume(),
  }
}

function publicFaults({ faults }: EmulatorState): Faults {
  return {
    add(rule) {
      const { id } = calling(() => faults.add(rule))
      return { id, remove: () => void faults.clear(id) }
    },
    clear: (id) => faults.clear(id),
    list: () => faults.list(),
  }
}

function idOf(job: JobRef): string | undefined {
  if (typeof job === 'string') return job
  return 'name' in job ? job.name : 'id' in job ? job.id : undefined
}

/** Turns a refused request into the `TypeError` of a function call. */
function calling<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw toTypeError(error)
  }
}

async function called<Result>(work: () => Promise<Result>): Promise<Result> {
  return work().catch((error: unknown) => {
    throw toTypeError(error)
  })
}

function toTypeError(error: unknown): unknown {
  return error instanceof RequestFault ? new TypeError(error.message) : error
}
