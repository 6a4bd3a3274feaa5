import type { Wire, WireEvent } from '../http/wire.ts'
import type { WireResponse } from '../http/wire-response.ts'
import { RAW_CASES } from '../raw/corpus.ts'
import type { RawCase } from '../raw/raw-case.ts'
import { assertEqual } from '../shared/assert.ts'
import type { AdapterHarness, DefineAdapterRule } from './adapter-harness.ts'

/** How bytes that no client library would send are answered. */
export function defineRawRules(define: DefineAdapterRule): void {
  for (const raw of RAW_CASES) {
    define(`raw: ${raw.name} – ${raw.verdict}`, (harness) => examine(harness, raw))
  }
}

/**
 * Sends the bytes, then the delivery in them in the proper form. Whether that one is new shows what the receiver
 * made of the first, whatever it answered, and that the receiver still serves.
 */
async function examine(harness: AdapterHarness, raw: RawCase): Promise<void> {
  const delivery = await harness.sign()
  const found = await judge(harness, raw, await harness.connect(), raw.bytes(harness.toRequest(delivery)))
  const after = toVerdict([await harness.deliver(delivery)], harness.readsBodies)
  const again = harness.readsBodies ? 'duplicate' : 'accepted'
  const expected = raw.verdict === 'accepted' ? ['accepted', again] : ['refused', 'accepted']
  assertEqual([found, after], expected, 'verdict, and that on the same delivery sent properly')
}

async function judge(harness: AdapterHarness, raw: RawCase, wire: Wire, text: string): Promise<string> {
  await wire.write(text)
  if (raw.ending === 'vanish') {
    wire.vanish()
    return 'refused'
  }
  if (raw.ending === 'finish') wire.finish()
  const first = await wire.read(harness.patienceMs, { bodiless: text.startsWith('HEAD ') })
  // A half-closed connection is enough to see whether the bytes made more than one request.
  wire.finish()
  const events = [first]
  while (typeof events.at(-1) !== 'string') events.push(await wire.read(LINGER_MS))
  return first === 'silent' ? 'silent' : toVerdict(events.filter(isResponse), harness.readsBodies)
}

const LINGER_MS = 500

function isResponse(event: WireEvent): event is WireResponse {
  return typeof event !== 'string'
}

/** A connection that is closed without a response is a refusal too. */
function toVerdict(responses: readonly WireResponse[], readsBodies: boolean): string {
  const mine = responses.find(({ status }) => status >= 200 && status < 300)
  if (mine) return readsBodies && mine.body.includes('duplicate') ? 'duplicate' : 'accepted'
  const odd = responses.find(({ status }) => !isRefusal(status))
  return odd ? `answered ${odd.status}` : 'refused'
}

/** 501 and 505 are refusals by HTTP servers; no receiver answers with them. */
function isRefusal(status: number): boolean {
  return (status >= 400 && status < 500) || status === 501 || status === 505
}
