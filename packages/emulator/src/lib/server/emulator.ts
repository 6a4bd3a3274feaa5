import { trigger } from '../control/trigger.ts'
import { faultResponse, RequestFault } from '../http/faults.ts'
import { EmulatorError } from '../shared/errors.ts'
import { type EmulatorOptions, readOptions } from '../shared/options.ts'
import type { Emulator, EmulatorClock, TriggerOptions, TriggerResult } from '../shared/types.ts'
import { createState, type EmulatorState, resume } from '../state/state.ts'
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
  const state = createState(readOptions(options))
  const app = createApp(state)
  resume(state)
  let server: Promise<RunningServer> | undefined
  let closing: Promise<void> | undefined

  async function fetch(request: Request): Promise<Response> {
    if (closing === undefined) return app.fetch(request)
    return faultResponse(new RequestFault('closed', 'The emulator is closed.'), new URL(request.url).pathname)
  }

  function checkOpen(): void {
    if (closing !== undefined) throw new EmulatorError('closed', 'the emulator is closed')
  }

  async function close(): Promise<void> {
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
    async trigger(event) {
      checkOpen()
      return triggerEvent(state, event)
    },
    deliveries: () => state.sender.snapshots(),
    idle: () => state.clock.settled(),
  }
}

function publicClock({ clock }: EmulatorState): EmulatorClock {
  return {
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    pause: () => clock.pause(),
    resume: () => clock.resume(),
  }
}

/** Turns a refused request into the `TypeError` of a function call. */
function triggerEvent(state: EmulatorState, event: TriggerOptions): TriggerResult {
  const { userMetadata, ...rest } = event
  try {
    return trigger(state, { ...rest, ...(userMetadata && { user_metadata: userMetadata }) })
  } catch (error) {
    throw error instanceof RequestFault ? new TypeError(error.message) : error
  }
}
