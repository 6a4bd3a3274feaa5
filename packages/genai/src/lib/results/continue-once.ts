import { incomplete } from '../shared/api-failed.ts'
import { ResultError } from '../shared/errors.ts'

/**
 * Remembers which interaction continues another: texts by key. A `Map` fits, and so does a client of `redis`. Keys begin
 * with `gwh:continuation:`, and may be deleted once the event cannot be handled again.
 */
export interface ContinuationMemory {
  /** Returns a value, or nothing if the key has none. */
  get(key: string): Promise<string | null | undefined> | string | null | undefined
  /** Stores a value durably before it returns or resolves. */
  set(key: string, value: string): unknown
  /** Runs a step while no other process runs one for the same key. Default: processes are not kept apart. */
  exclusively?<T>(key: string, step: () => Promise<T>): Promise<T>
}

/** How `respond` finds out that an interaction has been continued before. */
export interface RespondOptions {
  /**
   * Where continuations are remembered. Default: in the ledger given to the `createJobs` that was created last with the same
   * client, else in this process, the last 10,000 of each client.
   */
  memory?: ContinuationMemory
  /**
   * What to do if an earlier attempt ended without an answer, so that nobody knows whether it continued the interaction:
   * `refuse` throws `continuation_unknown`; `repeat` sends it again, and may continue the interaction twice. Default
   * `refuse`.
   */
  ifUnknown?: 'refuse' | 'repeat'
}

/** What `continueOnce` does for one interaction. */
export interface Continuation<T> {
  /** The id of the interaction that is continued. */
  job: string
  /** Creates the interaction that continues it. */
  create(): Promise<T>
  /** The error to throw if that fails. */
  toError(error: unknown): Error
  /** Reads the interaction that an earlier attempt created. */
  read(id: string): Promise<T>
}

const SENT = 'sent'
const REFUSED = 'refused'
const running = new WeakMap<object, Map<string, Promise<unknown>>>()

/**
 * Creates the interaction that continues another, or returns the one that an earlier attempt created. What is remembered
 * is written down before the request is sent and after it is answered, because the API cannot be asked: it has no list of
 * interactions, and no key for a request that is sent twice.
 *
 * @throws ResultError `continuation_unknown` if an earlier attempt was sent and never answered
 */
export async function continueOnce<T extends { id?: string }>(
  continuation: Continuation<T>,
  memory: ContinuationMemory,
  ifUnknown: 'refuse' | 'repeat',
): Promise<T> {
  const key = `gwh:continuation:${continuation.job}`
  const once = async () => {
    const state = (await memory.get(key)) ?? REFUSED
    if (state === SENT && ifUnknown === 'refuse') throw unknown(continuation.job)
    if (state !== SENT && state !== REFUSED) return await continuation.read(state)
    return await send(continuation, memory, key)
  }
  return await share(memory, key, () => memory.exclusively?.(key, once) ?? once())
}

/** Calls that overlap have one outcome. */
function share<T>(memory: object, key: string, work: () => Promise<T>): Promise<T> {
  const ofMemory = running.get(memory) ?? new Map<string, Promise<unknown>>()
  running.set(memory, ofMemory)
  const found = ofMemory.get(key) as Promise<T> | undefined
  if (found) return found
  const started = work().finally(() => ofMemory.delete(key))
  ofMemory.set(key, started)
  return started
}

async function send<T extends { id?: string }>(
  { create, toError }: Continuation<T>,
  memory: ContinuationMemory,
  key: string,
): Promise<T> {
  await memory.set(key, SENT)
  const made = await create().catch(async (error: unknown) => {
    if (isRefusal(error)) await memory.set(key, REFUSED)
    throw toError(error)
  })
  if (typeof made?.id !== 'string' || made.id === '') throw incomplete('interaction')
  await remember(memory, key, made.id)
  return made
}

/** The continuation exists, so a memory that fails now is no reason to fail: the next attempt finds `SENT`. */
async function remember(memory: ContinuationMemory, key: string, id: string | undefined): Promise<void> {
  try {
    if (id !== undefined) await memory.set(key, id)
  } catch {}
}

const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']

/** Whether the API has certainly created nothing: it says so, or it was not reached. */
function isRefusal(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  if (typeof status === 'number') return status >= 400 && status < 500 && status !== 408
  return NEVER_SENT.includes(rootCode(error))
}

/** The code of the innermost error: `fetch` and the SDK wrap that of the connection. */
function rootCode(error: unknown, depth = 0): string {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown }
  if (cause !== undefined && depth < 5) return rootCode(cause, depth + 1)
  return String(code)
}

function unknown(job: string): ResultError {
  return new ResultError(
    'continuation_unknown',
    `interaction ${job} may have been continued already: an earlier attempt was sent and never answered`,
  )
}

const MOST_REMEMBERED = 10_000
const memories = new WeakMap<object, ContinuationMemory>()
const durable = new WeakMap<object, readonly ContinuationMemory[]>()

/**
 * Makes a memory the default for one client, instead of earlier ones.
 *
 * @returns A function that undoes it
 */
export function rememberIn(client: object, memory: ContinuationMemory): () => void {
  durable.set(client, [...(durable.get(client) ?? []), memory])
  return () => {
    const others = durable.get(client)!.filter((other) => other !== memory)
    durable.set(client, others)
  }
}

/** The default memory for one client. */
export function memoryOf(client: object): ContinuationMemory {
  const found = durable.get(client)?.at(-1) ?? memories.get(client)
  if (found) return found
  const made = createMemory()
  memories.set(client, made)
  return made
}

function createMemory(): ContinuationMemory {
  const values = new Map<string, string>()
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key)
      values.set(key, value)
      const [oldest] = values.keys()
      if (oldest !== undefined && values.size > MOST_REMEMBERED) values.delete(oldest)
    },
  }
}
