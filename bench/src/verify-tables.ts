// How fast a delivery is verified and refused, against careful hand-written code on node:crypto and against libraries.
import { createHmac, createSecretKey, timingSafeEqual, verify } from 'node:crypto'
import { createVerifier, parseEvent, verifyWebhook } from '@gwh/core'
import type { CpuContender, CpuTable } from './cpu-table.ts'
import {
  type Delivery,
  ED25519_PUBLIC,
  JWKS,
  makeBody,
  SECRET,
  signedDynamic,
  signedStatic,
  toHeaders,
} from './deliveries.ts'
import { peersFor } from './peers.ts'

const key = createSecretKey(Buffer.from(SECRET.slice(6), 'base64'))
// A run may take longer than the replay window.
const options = { secrets: SECRET, toleranceSeconds: 3_600 }
const verifier = createVerifier(options)
const dynamicOptions = { jwks: JWKS, toleranceSeconds: 3_600 }
const dynamicVerifier = createVerifier(dynamicOptions)

/** The limit: a cached key, two updates, a constant-time comparison, and no other check. */
function bare({ headers, body }: Delivery): boolean {
  const mac = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest()
  return timingSafeEqual(mac, Buffer.from(headers['webhook-signature']!.slice(3), 'base64'))
}

/** The same for Ed25519, with the right key at hand. */
function bareDynamic({ headers, body }: Delivery): boolean {
  const head = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`, 'latin1')
  const signature = Buffer.from(headers['webhook-signature']!.slice(4), 'base64')
  return verify(null, Buffer.concat([head, body]), ED25519_PUBLIC, signature)
}

function times(once: () => unknown): CpuContender['run'] {
  return async (count) => {
    for (let index = 0; index < count; index++) {
      const result = once()
      if (result instanceof Promise) await result
    }
  }
}

function contenders(named: Record<string, () => unknown>, targets: Record<string, string> = {}) {
  return Object.entries(named).map(([name, once]): CpuContender => {
    const target = targets[name]
    return { name, run: times(once), ...(target !== undefined && { target }) }
  })
}

interface Sample {
  delivery: Delivery
  peers: Awaited<ReturnType<typeof peersFor>>
}

async function sample(bytes: number): Promise<Sample> {
  const delivery = signedStatic(makeBody(bytes))
  return { delivery, peers: await peersFor(delivery) }
}

function verifying(bytes: number, { delivery, peers }: Sample): CpuTable {
  return {
    id: `verify-${bytes}`,
    title: `Verify a static delivery of ${toSize(bytes)}`,
    contenders: contenders(
      {
        'by hand': () => bare(delivery),
        '@gwh/core createVerifier': () => verifier.verify(delivery),
        '@gwh/core verifyWebhook': () => verifyWebhook(delivery, options),
        ...peers.verify,
      },
      { '@gwh/core createVerifier': bytes < 2_000 ? '≥ 1.4' : '≥ 0.95' },
    ),
  }
}

function parsing(bytes: number, { delivery, peers }: Sample): CpuTable {
  const parse = () => JSON.parse(delivery.body.toString())
  return {
    id: `verify-parse-${bytes}`,
    title: `Verify and parse a static delivery of ${toSize(bytes)}`,
    contenders: contenders(
      {
        'by hand, JSON.parse': () => bare(delivery) && parse(),
        '@gwh/core, JSON.parse': () => verifier.verify(delivery).then(parse),
        '@gwh/core, parseEvent': () => verifier.verify(delivery).then(({ body }) => parseEvent(body)),
        ...peers.parse,
      },
      { '@gwh/core, parseEvent': bytes < 2_000 ? '≥ 1' : '≥ 0.9' },
    ),
  }
}

function toSize(bytes: number): string {
  return bytes < 2_000 ? `${bytes} B` : `${bytes / 1024} KB`
}

function refusing(): CpuTable {
  const good = signedStatic(makeBody(300))
  const forged = { ...good, headers: { ...good.headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` } }
  const stale = { ...good, headers: toHeaders('msg_1', good.headers['webhook-signature']!, 1_700_000_000) }
  const malformed = { ...good, headers: { ...good.headers, 'webhook-timestamp': '17e9' } }
  return {
    id: 'refusing',
    title: 'Refuse a delivery of 300 B',
    contenders: contenders(
      {
        'check() accepts': () => verifier.check(good),
        'check() refuses a bad signature': () => verifier.check(forged),
        'check() refuses a stale delivery': () => verifier.check(stale),
        'check() refuses a malformed header': () => verifier.check(malformed),
        'verify() throws for a bad signature': () => verifier.verify(forged).catch(() => {}),
      },
      { 'check() refuses a bad signature': '≥ 1' },
    ),
  }
}

function dynamic(): CpuTable {
  const delivery = signedDynamic(makeBody(300))
  return {
    id: 'verify-dynamic',
    title: 'Verify a dynamic delivery of 300 B, with three keys without a name',
    contenders: contenders(
      {
        'by hand, the right key': () => bareDynamic(delivery),
        '@gwh/core createVerifier': () => dynamicVerifier.verify(delivery),
        '@gwh/core verifyWebhook': () => verifyWebhook(delivery, dynamicOptions),
      },
      { '@gwh/core createVerifier': '≥ 0.97' },
    ),
  }
}

/** All tables on verification. Each is made when it is measured, because its deliveries become stale. */
export async function* verifyTables(): AsyncGenerator<CpuTable> {
  for (const bytes of [300, 20 * 1024]) {
    yield verifying(bytes, await sample(bytes))
    yield parsing(bytes, await sample(bytes))
  }
  yield refusing()
  yield dynamic()
}
