import { type Finding, failed, ok, skipped, warning } from './finding.ts'
import { checkClock } from './keys.ts'
import { type Probe, signedProbes, unsignedProbes } from './probes.ts'

const TIMEOUT_MS = 10_000

/** Checks that a receiver can be reached and answers as the README's table says. */
export async function checkReceiver(url: string, secrets: string | undefined): Promise<Finding[]> {
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
  if (secrets === undefined)
    findings.push(skipped('signed deliveries', 'the signing secret is not known here'))
  else for (const probe of await signedProbes(url, secrets)) findings.push(await examine(probe))
  for (const probe of await unsignedProbes(url)) findings.push(await examine(probe))
  return findings
}

interface Answered {
  readonly response: Response
  readonly text: string
}

/** Sends a request; returns the answer, or the code of what went wrong. */
async function ask(request: Request): Promise<Answered | string> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return { response, text: (await response.text()).slice(0, 1_000) }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return cause?.code ?? name
  }
}

async function examine({ check, expected, fix, request }: Probe): Promise<Finding> {
  const answer = await ask(request)
  if (typeof answer === 'string') {
    // A receiver may cut off what it does not want to read.
    if (expected === 413) return ok(check, `the connection is closed (${answer})`)
    return failed(check, `no answer (${answer})`, fix)
  }
  const { status } = answer.response
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
