// How fast a delivery is verified, against careful hand-written code on node:crypto and against standardwebhooks.
import { createHmac, createSecretKey, timingSafeEqual, verify } from 'node:crypto'
import { createVerifier, parseEvent, verifyWebhook } from '@gwh/core'
import { Webhook } from 'standardwebhooks'
import {
  ED25519_PUBLIC,
  JWKS,
  makeBody,
  SECRET,
  signedDynamic,
  signedStatic,
  toHeaders,
} from './deliveries.ts'
import { compare } from './harness.ts'

const key = createSecretKey(Buffer.from(SECRET.slice(6), 'base64'))
const library = new Webhook(SECRET)
const options = { secrets: SECRET }
const verifier = createVerifier(options)
const dynamicVerifier = createVerifier({ jwks: JWKS })
/** The limit: a cached key, two updates, a constant-time comparison, and no other check. */
function bare({ headers, body }) {
  const mac = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest()
  return timingSafeEqual(mac, Buffer.from(headers['webhook-signature'].slice(3), 'base64'))
}
function times(run) {
  return (count) => {
    for (let index = 0; index < count; index++) run()
  }
}
function timesAsync(run) {
  return async (count) => {
    for (let index = 0; index < count; index++) await run()
  }
}
const refused = (delivery) => verifier.check(delivery)
const refusedByLibrary = (delivery) => {
  try {
    library.verify(delivery.body, delivery.headers)
  } catch {}
}
for (const bytes of [300, 1024, 20 * 1024]) {
  const delivery = signedStatic(makeBody(bytes))
  await compare(`static, ${bytes} B`, [
    { name: 'bare node:crypto', run: times(() => bare(delivery)) },
    { name: 'gwh createVerifier', run: timesAsync(() => verifier.verify(delivery)) },
    { name: 'gwh verifyWebhook', run: timesAsync(() => verifyWebhook(delivery, options)) },
    { name: 'standardwebhooks', run: times(() => library.verify(delivery.body, delivery.headers)) },
  ])
  await compare(`static with JSON, ${bytes} B`, [
    {
      name: 'bare node:crypto + JSON.parse',
      run: times(() => bare(delivery) && JSON.parse(delivery.body.toString())),
    },
    {
      name: 'gwh createVerifier + JSON.parse',
      run: timesAsync(async () => JSON.parse(Buffer.from((await verifier.verify(delivery)).body).toString())),
    },
    {
      name: 'gwh createVerifier + parseEvent',
      run: timesAsync(async () => parseEvent((await verifier.verify(delivery)).body)),
    },
    { name: 'standardwebhooks (parses)', run: times(() => library.verify(delivery.body, delivery.headers)) },
  ])
}
const good = signedStatic(makeBody(300))
const forged = { ...good, headers: { ...good.headers, 'webhook-signature': `v1,${'A'.repeat(43)}=` } }
const stale = { ...good, headers: toHeaders('msg_1', good.headers['webhook-signature'], 1700000000) }
const malformed = { ...good, headers: { ...good.headers, 'webhook-timestamp': '17e9' } }
await compare('refusing, 300 B', [
  { name: 'gwh accepts', run: timesAsync(() => refused(good)) },
  { name: 'gwh refuses a bad signature', run: timesAsync(() => refused(forged)) },
  { name: 'gwh refuses a stale delivery', run: timesAsync(() => refused(stale)) },
  { name: 'gwh refuses a malformed header', run: timesAsync(() => refused(malformed)) },
  { name: 'standardwebhooks accepts', run: times(() => refusedByLibrary(good)) },
  { name: 'standardwebhooks refuses a bad signature', run: times(() => refusedByLibrary(forged)) },
])
const dynamic = signedDynamic(makeBody(300))
await compare('dynamic, 300 B, three keys without a name', [
  {
    name: 'bare crypto.verify',
    run: times(() => verify(null, dynamic.message, ED25519_PUBLIC, dynamic.signature)),
  },
  { name: 'gwh createVerifier', run: timesAsync(() => dynamicVerifier.verify(dynamic)) },
  { name: 'gwh verifyWebhook', run: timesAsync(() => verifyWebhook(dynamic, { jwks: JWKS })) },
])
