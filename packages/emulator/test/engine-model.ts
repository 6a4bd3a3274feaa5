/** What a receiver does at one attempt. */
export type Reaction =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: RetryAfter }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'cut' }

/** A `Retry-After` header: text, or a date some seconds after the attempt, and what it is worth in milliseconds. */
export type RetryAfter =
  | { readonly text: string; readonly worthMs: number | undefined }
  | { readonly inSeconds: number }

/** One delivery's world: when it is tried, and how its receiver reacts to each attempt. */
export interface Script {
  readonly scheduleMs: readonly number[]
  readonly giveUpAfterMs: number
  readonly jitter: number
  /** What `random` returns, always. */
  readonly chance: number
  readonly reactions: readonly Reaction[]
}

/** What should become of a delivery: plain arithmetic, written without the engine. */
export interface Expected {
  readonly state: 'acked' | 'exhausted'
  readonly attempts: readonly { startedAt: number; status?: number; code?: string }[]
}

/** Plays a script from the moment of the event. */
export function play(script: Script, eventAt: number): Expected {
  const { scheduleMs, giveUpAfterMs, jitter, chance, reactions } = script
  const attempts: { startedAt: number; status?: number; code?: string }[] = []
  const end = eventAt + giveUpAfterMs
  let at = eventAt + scheduleMs[0]!
  for (let index = 0; ; index += 1) {
    const reaction = reactions[index]!
    attempts.push({ startedAt: at, ...resultOf(reaction) })
    if (reaction.kind === 'answer' && reaction.status >= 200 && reaction.status < 300) {
      return { state: 'acked', attempts }
    }
    const isLast = index + 1 === scheduleMs.length || scheduleMs[index + 1]! > giveUpAfterMs || at >= end
    if (isLast) return { state: 'exhausted', attempts }
    const gap = Math.round((scheduleMs[index + 1]! - scheduleMs[index]!) * (1 - jitter + 2 * jitter * chance))
    const asked = reaction.kind === 'answer' ? worthOf(reaction.retryAfter, at) : undefined
    let wait = gap
    if (asked !== undefined && asked > gap) wait = Math.min(asked, 2 * gap)
    at = Math.min(at + wait, end)
  }
}

function resultOf(reaction: Reaction): { status?: number; code?: string } {
  if (reaction.kind === 'timeout') return { code: 'timeout' }
  if (reaction.kind === 'cut') return { code: 'connection_failed' }
  const { status } = reaction
  if (status >= 200 && status < 300) return { status }
  return { status, code: status >= 300 && status < 400 ? 'redirect' : 'http_status' }
}

function worthOf(retryAfter: RetryAfter | undefined, at: number): number | undefined {
  if (retryAfter === undefined || 'text' in retryAfter) return retryAfter?.worthMs
  // A date has whole seconds.
  return Math.max(Math.floor(at / 1000 + retryAfter.inSeconds) * 1000 - at, 0)
}

/** The header's text at a moment. */
export function headerOf(retryAfter: RetryAfter, at: number): string {
  return 'text' in retryAfter ? retryAfter.text : new Date(at + retryAfter.inSeconds * 1000).toUTCString()
}

/** Numbers from 0 up to 1 that follow from a seed (https://github.com/bryc/code/blob/master/jshash/PRNGs.md). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const SECOND_MS = 1000
const TEXTS: readonly RetryAfter[] = [
  { text: '0', worthMs: 0 },
  { text: '5', worthMs: 5 * SECOND_MS },
  { text: '120', worthMs: 120 * SECOND_MS },
  { text: '99999999999', worthMs: 99_999_999_999 * SECOND_MS },
  ...['120.6', '-1', '1e3', '', '+5', '0x10', 'soon', 'Wed Oct 21 07:28:00 2099'].map((text) => ({
    text,
    worthMs: undefined,
  })),
]
const STATUSES = [200, 201, 204, 299, 301, 307, 400, 401, 404, 408, 409, 410, 429, 500, 502, 503, 599]

/** Makes the common part of a group of scripts: a plan of retries. */
export function makePlan(random: () => number): Omit<Script, 'reactions'> {
  const attempts = 1 + Math.floor(random() * 12)
  const scheduleMs = [random() < 0.8 ? 0 : Math.floor(random() * 5000)]
  while (scheduleMs.length < attempts) {
    scheduleMs.push(scheduleMs.at(-1)! + 1 + Math.floor(random() ** 3 * 4 * 3_600_000))
  }
  const giveUpAfterMs = scheduleMs[0]! + Math.floor(random() * 1.3 * (scheduleMs.at(-1)! + 1))
  return { scheduleMs, giveUpAfterMs, jitter: Math.floor(random() * 5) / 5, chance: random() }
}

/** Makes a receiver's reactions, one for each attempt there can be. */
export function makeReactions(random: () => number, attempts: number): Reaction[] {
  return Array.from({ length: attempts }, () => {
    const draw = random()
    if (draw < 0.03) return { kind: 'timeout' }
    if (draw < 0.15) return { kind: 'cut' }
    const status = STATUSES[Math.floor(random() ** 0.5 * STATUSES.length)]!
    if (draw < 0.55) return { kind: 'answer', status }
    const date = { inSeconds: Math.floor((random() - 0.2) * 40_000) }
    const retryAfter = draw < 0.7 ? date : TEXTS[Math.floor(random() * TEXTS.length)]!
    return { kind: 'answer', status, retryAfter }
  })
}
