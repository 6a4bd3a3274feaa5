import { inChunks, renderHead, toChunk, toLatin1, withHeader } from '../http/request.ts'
import type { Wire, WireEvent } from '../http/wire.ts'
import { assertThat } from '../shared/assert.ts'
import {
  type AdapterHarness,
  accepted,
  answered,
  type DefineAdapterRule,
  refused,
} from './adapter-harness.ts'

/** How bodies are read: byte for byte, and within their limits. */
export function defineBodyRules(define: DefineAdapterRule): void {
  for (const [what, body] of Object.entries(BODIES)) {
    define(`a signed body is read byte for byte: ${what}`, async ({ sign, deliver }) => {
      accepted(await deliver(await sign({ body })))
    })
  }
  define('a body in chunks of one byte is reassembled', async ({ sign, toRequest, send }) => {
    const request = toRequest(await sign())
    accepted(await send(inChunks(request, ...request.body)))
  })
  define('an empty body is accepted without a content-length, too', async ({ sign, toRequest, send }) => {
    const request = toRequest(await sign({ body: '' }))
    accepted(await send(inChunks(request)))
  })
  defineSizes(define)
  defineSlowness(define)
}

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

/** All are signed. The receiver dead-letters what is not an event; the adapter must not change it. */
const BODIES: Record<string, Uint8Array | string> = {
  'an empty body': '',
  'every byte value': everyByte,
  'text after a byte order mark': Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode(event())),
  'bytes that are not UTF-8': Uint8Array.of(0x7b, 0xc3, 0x28, 0xff, 0xfe, 0x7d),
  'escapes of lone surrogates': event('"\\uD800 \\uDFFF"'),
  'numbers larger than any double': event('[12345678901234567890123, 1e999, 0.10000000000000000001, -0.0]'),
  'unusual white space, escapes and key order': event(' {"z" :1,\r\n\t"a":"\\u00e9\\/", "1": 2} '),
  'text outside ASCII, not normalised': event('"e\u0301 é \u{1f680} \u2028"'),
  'CR, LF and what looks like the next request': `${event()}\r\n\r\nPOST / HTTP/1.1\r\n\r\n`,
  'a hundred kilobytes': event(`"${'x'.repeat(100_000)}"`),
}

function event(more = '0'): string {
  return `{"type":"batch.succeeded","data":{"id":"b"},"more":${more}}`
}

function ofLength(bytes: number): string {
  return event(`"${'x'.repeat(bytes - event('""').length)}"`)
}

function defineSizes(define: DefineAdapterRule): void {
  define('a body of exactly the limit is accepted', async ({ sign, deliver, maxBodyBytes }) => {
    accepted(await deliver(await sign({ body: ofLength(maxBodyBytes) })))
  })
  define('a body one byte over the limit is refused by its content-length, unsent', async (harness) => {
    const request = harness.toRequest(await harness.sign())
    const wire = await harness.connect()
    wire.write(renderHead(withHeader(request, 'content-length', String(harness.maxBodyBytes + 1))))
    refused(answered(await wire.read(harness.patienceMs)), 413, 'body_too_large')
  })
  define('a chunked body one byte over the limit is refused', async (harness) => {
    const request = harness.toRequest(await harness.sign({ body: ofLength(harness.maxBodyBytes + 1) }))
    refused(await harness.send(inChunks(request, request.body)), 413, 'body_too_large')
  })
  define('an endless chunked body is cut off', async (harness) => {
    const wire = await harness.connect()
    wire.write(renderHead(inChunks(harness.toRequest(await harness.sign()))))
    const sent = await flood(wire, harness.maxBodyBytes + FLOOD_BYTES)
    const end = await wire.read(harness.patienceMs)
    // On a busy machine its time may be over before its bytes are too many.
    assertThat(
      end === 'closed' || isStatus(end, 413) || isStatus(end, 408),
      `the answer to an endless body is ${show(end)}`,
    )
    assertThat(sent < harness.maxBodyBytes + FLOOD_BYTES, `${sent} bytes of an endless body were accepted`)
    accepted(await harness.deliver(await harness.sign()))
  })
}

// Bun buffers up to 128 MiB in memory while the application is too busy to stop it.
const FLOOD_BYTES = 160 * 1024 * 1024

/** Sends chunks, whatever the answer, until the connection closes, stops reading, or has taken that many bytes. */
async function flood(wire: Wire, bytes: number): Promise<number> {
  const chunk = toChunk('x'.repeat(256 * 1024))
  let sent = 0
  while (!wire.closed && sent < bytes) {
    if (!(await within(STALL_MS, wire.write(chunk)))) return sent
    sent += chunk.length
  }
  return sent
}

const STALL_MS = 5_000

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), ms)
  work.then(() => resolve(true))
  return await promise.finally(() => clearTimeout(timer))
}

function isStatus(event: WireEvent, status: number): boolean {
  return typeof event !== 'string' && event.status === status
}

function show(event: WireEvent): string {
  return typeof event === 'string' ? event : `${event.status} ${event.body}`
}

function defineSlowness(define: DefineAdapterRule): void {
  const slow: Record<string, (harness: AdapterHarness, wire: Wire) => Promise<WireEvent>> = {
    'that stops after its first byte': ({ patienceMs }, wire) => wire.read(patienceMs),
    'that arrives a byte at a time': ({ patienceMs }, wire) => drip(wire, patienceMs),
  }
  for (const [what, wait] of Object.entries(slow)) {
    define(`a body ${what} times out`, async (harness) => {
      // So long that even the slow sender never finishes it.
      const delivery = await harness.sign({ body: ofLength(10_000) })
      const request = harness.toRequest(delivery)
      const wire = await harness.connect()
      wire.write(renderHead(request) + toLatin1(delivery.body.subarray(0, 1)))
      refused(answered(await wait(harness, wire)), 408, 'body_timeout')
      // The same delivery, sent in time, is new.
      accepted(await harness.deliver(delivery))
    })
  }
}

const DRIP_MS = 50

async function drip(wire: Wire, patienceMs: number): Promise<WireEvent> {
  let event: WireEvent = 'silent'
  for (let left = patienceMs / DRIP_MS; left > 0 && event === 'silent'; left--) {
    await wire.write(' ')
    event = await wire.read(DRIP_MS)
  }
  return event
}
