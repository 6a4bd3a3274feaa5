import { withHeader } from '../http/request.ts'
import { assertEqual } from '../shared/assert.ts'
import {
  type AdapterHarness,
  accepted,
  type DefineAdapterRule,
  duplicate,
  refused,
  unauthorized,
} from './adapter-harness.ts'

/** How each kind of delivery is answered. */
export function defineAnswerRules(define: DefineAdapterRule): void {
  define('a good delivery is accepted', async ({ sign, deliver }) => accepted(await deliver(await sign())))

  define('a delivery sent again is a duplicate', async ({ sign, deliver }) => {
    const delivery = await sign()
    accepted(await deliver(delivery))
    duplicate(await deliver(delivery))
  })

  define('one of two signatures is enough, as during a rotation', async ({ sign, deliver }) => {
    const delivery = await sign()
    const other = `v1,${btoa('x'.repeat(32))}`
    const signature = `${other} ${delivery.headers['webhook-signature']}`
    accepted(await deliver({ ...delivery, headers: { ...delivery.headers, 'webhook-signature': signature } }))
  })

  define('an event of an unknown type is accepted', async ({ sign, deliver }) => {
    accepted(await deliver(await sign({ body: '{"type":"batch.forgotten","data":{}}' })))
  })

  defineUnauthorized(define)
  defineMalformed(define)
  defineOthers(define)
}

/** How dynamic deliveries are answered. */
export function defineDynamicRules(define: DefineAdapterRule): void {
  define('a dynamic delivery of one of our jobs is accepted', async ({ signDynamic, deliver }) => {
    accepted(await deliver(await signDynamic()))
  })
  define('a dynamic delivery of another customer’s job is refused', async ({ signDynamic, deliver }) => {
    refused(await deliver(await signDynamic({ ours: false })), 403, 'job_unknown')
  })
  define('a dynamic delivery with another body is unauthorized', async ({ signDynamic, deliver }) => {
    const delivery = await signDynamic()
    unauthorized(await deliver({ ...delivery, body: new TextEncoder().encode('{"type":"x","data":{}}') }))
  })
}

function defineUnauthorized(define: DefineAdapterRule): void {
  const seconds = () => Math.floor(Date.now() / 1000)
  const flawed: Record<string, (harness: AdapterHarness) => ReturnType<AdapterHarness['sign']>> = {
    'signed with another secret': ({ sign }) => sign({ secret: `whsec_${btoa('y'.repeat(32))}` }),
    'sent ten minutes ago': ({ sign }) => sign({ timestamp: seconds() - 600 }),
    'sent in ten minutes': ({ sign }) => sign({ timestamp: seconds() + 600 }),
    'with one byte of its body altered': async ({ sign }) => {
      const { headers, body } = await sign()
      return { headers, body: body.with(9, body[9]! ^ 1) }
    },
    'under another id': ({ sign }) => sign().then(changeHeader('webhook-id', () => 'msg_other')),
    'under another timestamp': ({ sign }) =>
      sign().then(changeHeader('webhook-timestamp', (text) => String(Number(text) - 1))),
    'with a signature cut short': ({ sign }) =>
      sign().then(changeHeader('webhook-signature', (text) => text.slice(0, 20))),
    'with an empty signature': ({ sign }) => sign().then(changeHeader('webhook-signature', () => 'v1,')),
    'with a signature of an unknown version': ({ sign }) =>
      sign().then(changeHeader('webhook-signature', (text) => text.replace('v1,', 'v2,'))),
  }
  for (const [what, make] of Object.entries(flawed)) {
    define(`a delivery ${what} is unauthorized`, async (harness) =>
      unauthorized(await harness.deliver(await make(harness))),
    )
  }
}

function changeHeader(name: string, change: (text: string) => string) {
  return <T extends { headers: Record<string, string> }>(delivery: T): T => ({
    ...delivery,
    headers: { ...delivery.headers, [name]: change(delivery.headers[name]!) },
  })
}

function defineMalformed(define: DefineAdapterRule): void {
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    define(`a delivery without ${name} is refused`, async ({ sign, toRequest, send }) => {
      refused(await send(withHeader(toRequest(await sign()), name, undefined)), 400, 'header_missing')
    })
    define(`a delivery with an empty ${name} is refused`, async ({ sign, toRequest, send }) => {
      refused(await send(withHeader(toRequest(await sign()), name, '')), 400, 'header_missing')
    })
    for (const [what, change] of Object.entries(REPEATED)) {
      define(`a delivery with two ${what}${name} headers is refused`, async ({ sign, toRequest, send }) => {
        const request = toRequest(await sign())
        const [, value] = request.headers.find(([known]) => known === name)!
        const headers = [...request.headers, [name, change(value)] as const]
        refused(await send({ ...request, headers }), 400, 'header_duplicate')
      })
    }
  }
  for (const [name, value, code] of MALFORMED) {
    const shown = value.length > 20 ? `${value.slice(0, 8)}… (${value.length} characters)` : value
    define(`a delivery whose ${name} is "${shown}" is refused`, async ({ sign, deliver }) => {
      refused(await deliver(changeHeader(name, () => value)(await sign())), 400, code)
    })
  }
}

const REPEATED: Record<string, (value: string) => string> = {
  '': (value) => `${value.slice(0, -1)}x`,
  'identical ': (value) => value,
}

const MALFORMED = [
  ['webhook-id', 'a.b', 'id_malformed'],
  ['webhook-id', 'a b', 'id_malformed'],
  ['webhook-id', 'x'.repeat(257), 'id_malformed'],
  ['webhook-timestamp', '1795219200abc', 'timestamp_malformed'],
  ['webhook-timestamp', '+1795219200', 'timestamp_malformed'],
  ['webhook-timestamp', '-1', 'timestamp_malformed'],
  ['webhook-timestamp', 'NaN', 'timestamp_malformed'],
  ['webhook-timestamp', '1e9', 'timestamp_malformed'],
  ['webhook-signature', 'v1,a '.repeat(17).trim(), 'signature_malformed'],
] as const

function defineOthers(define: DefineAdapterRule): void {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
    define(`${method} is not allowed`, async ({ sign, toRequest, send }) => {
      const request = toRequest(await sign())
      const bare = method === 'GET' || method === 'HEAD'
      const sent = bare ? { ...withHeader(request, 'content-length', undefined), body: '' } : request
      assertEqual((await send({ ...sent, method })).status, 405, 'status')
    })
  }
  define('another path is not found', async ({ sign, toRequest, send }) => {
    const request = toRequest(await sign())
    assertEqual((await send({ ...request, target: '/nobody/listens/here' })).status, 404, 'status')
  })
  for (const encoding of ['gzip', 'deflate', 'br', 'gzip, identity']) {
    define(
      `a body with content-encoding ${encoding} is refused unread`,
      async ({ sign, toRequest, send }) => {
        refused(
          await send(withHeader(toRequest(await sign()), 'content-encoding', encoding)),
          415,
          'content_encoding',
        )
      },
    )
  }
  define('a header named __proto__ does no harm', async ({ sign, toRequest, send, deliver }) => {
    accepted(await send(withHeader(toRequest(await sign()), '__proto__', 'x')))
    accepted(await deliver(await sign()))
  })
}
