import { type Finding, failed, ok, skipped, warning } from './finding.ts'
import { checkClock } from './keys.ts'
import { type Probe, pingTwice, signedProbes, unsignedProbes } from './probes.ts'
import { readStart } from './read-start.ts'
import { checkSlowBody } from './slow-body.ts'

/** The receiver to examine. */
export interface ExaminedReceiver {
  readonly url: string
  /** Its signing secrets; without them it gets nothing that it accepts. */
  readonly secrets: string | undefined
  /** How long it may take to answer. */
  readonly timeoutMs: number
}

/** Checks that a receiver can be reached and answers as the README's table says. */
export async function checkReceiver({ url, secrets, timeoutMs }: ExaminedReceiver): Promise<Finding[]> {
  const ask: Ask = (request) => send(request, timeoutMs)
  const first = await ask(new Request(url, { method: 'HEAD', redirect: 'manual' }))
  if (typeof first === 'string') {
    return [
      failed(
        'receiver',
        `${url} cannot be reached (${first})`,
        'Start it; check host, port, firewall and certificate.',
      ),
    ]
  }
  const findings = [ok('receiver', `${url} answers`), ...checkClock(first.response, url)]
  // It takes longer than all the others together.
  const slowBody = checkSlowBody(url, timeoutMs)
  if (secrets === undefined)
    findings.push(skipped('signed deliveries', 'the signing secret is not known here'))
  else findings.push(...(await checkSigned(ask, url, secrets)))
  for (const probe of await unsignedProbes(url)) findings.push(await examine(ask, probe))
  return [...findings, await slowBody]
}

async function checkSigned(ask: Ask, url: string, secrets: string): Promise<Finding[]> {
  const [ping, ...others] = await signedProbes(url, secrets)
  const answer = await ask(ping.request)
  // The other checks begin with a signature that the receiver accepts.
  if (typeof answer !== 'string' && answer.response.status === 401) {
    const checks = [...others.map(({ check }) => check), TWICE]
    return [
      judge(answer, ping),
      ...checks.map((check) => skipped(check, 'the receiver refused the signed ping')),
    ]
  }
  const findings = [judge(answer, ping)]
  for (const probe of others) findings.push(await examine(ask, probe))
  return [...findings, await examineTwice(ask, await pingTwice(url, secrets))]
}

const TWICE = 'the same ping twice at once'

type Ask = (request: Request) => Promise<Answered | string>

interface Answered {
  readonly response: Response
  readonly text: string
}

/** Sends a request; returns the answer, or the code of what went wrong. */
async function send(request: Request, timeoutMs: number): Promise<Answered | string> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) })
    return { response, text: await readStart(response, LONGEST_ANSWER) }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: unknown } }
    if (name === 'TimeoutError') return `nothing complete within ${timeoutMs / 1_000} s`
    // The code of a `DOMException` is a number.
    return typeof cause?.code === 'string' ? cause.code : name
  }
}

const LONGEST_ANSWER = 10_000

/** Sends a delivery twice at once: each is accepted, or told that the other is under way. */
async function examineTwice(ask: Ask, [one, other]: readonly [Request, Request]): Promise<Finding> {
  const check = TWICE
  const answers = await Promise.all([ask(one), ask(other)])
  const outcomes = answers.map((answer) => (typeof answer === 'string' ? answer : answer.response.status))
  const message = outcomes.join(' and ')
  if (outcomes.includes(200) && outcomes.every((outcome) => outcome === 200 || outcome === 409)) {
    return ok(check, message)
  }
  return failed(
    check,
    `${message} instead of 200 and 200, or 200 and 409`,
    'Claim an id before it is handled, in one step: two attempts of the sender may overlap.',
  )
}

const CLOSED = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

async function examine(ask: Ask, probe: Probe): Promise<Finding> {
  return judge(await ask(probe.request), probe)
}

function judge(answer: Answered | string, { check, expected, fix }: Probe): Finding {
  if (typeof answer === 'string') {
    // A receiver may cut off what it does not want to read.
    if (expected === 413 && CLOSED.includes(answer)) return ok(check, `the connection is closed (${answer})`)
    return failed(check, `no answer (${answer})`, fix)
  }
  const { status } = answer.response
  if (/^\s+at .+:\d+:\d+\)?$/m.test(answer.text)) {
    return failed(
      check,
      `${status}, with a stack trace`,
      'Answer with a code, and write the rest to the log.',
    )
  }
  if (status === expected) return ok(check, String(status))
  const message = `${status} instead of ${expected}`
  return toFinding({ check, expected, fix, message, status, text: answer.text })
}

interface Deviation {
  readonly check: string
  readonly expected: number
  readonly fix: string
  readonly message: string
  readonly status: number
  readonly text: string
}

function toFinding({ check, expected, fix, message, status, text }: Deviation): Finding {
  if (text.includes('raw_body_required')) {
    return failed(check, `${message}: the body arrives parsed`, 'Mount the receiver before any body parser.')
  }
  if (status >= 300 && status < 400) {
    return failed(
      check,
      `${message}: a redirect`,
      'The sender follows none. Register the URL that answers itself.',
    )
  }
  if (status === 503)
    return failed(
      check,
      `${message}: the receiver cannot work`,
      'See its log: its store, queue or keys fail.',
    )
  // Refused with another word: safe, but the sender cannot tell what to do about it.
  const isRefusal = expected >= 400 && status >= 400 && status < 500
  return isRefusal ? warning(check, message, fix) : failed(check, message, fix)
}
