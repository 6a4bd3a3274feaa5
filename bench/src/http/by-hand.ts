// What a careful developer writes without us.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { SECRET } from '../deliveries.ts'

/** Returns the value of a header; the name is in lower case. */
export type ReadHeader = (name: string) => string

const key = createSecretKey(Buffer.from(SECRET.slice(6), 'base64'))
const RETENTION_MS = 72 * 3_600_000

/** The right bytes, one secret, the window, a constant-time comparison. */
export function isGenuine(header: ReadHeader, body: Uint8Array): boolean {
  const timestamp = header('webhook-timestamp')
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false
  const mac = createHmac('sha256', key)
    .update(`${header('webhook-id')}.${timestamp}.`)
    .update(body)
    .digest()
  const given = Buffer.from(header('webhook-signature').slice(3), 'base64')
  return given.length === mac.length && timingSafeEqual(given, mac)
}

const base = { version: z.string().optional(), timestamp: z.string().optional() }
const metadata = { user_metadata: z.record(z.string(), z.unknown()).optional() }
const succeeded = z.looseObject({ id: z.string(), output_file_uri: z.string().optional() })
const failed = z.looseObject({ id: z.string(), error_code: z.string(), error_message: z.string() })
const ended = z.looseObject({ id: z.string() })
const Event = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('batch.succeeded'), data: succeeded, ...base, ...metadata }),
  z.looseObject({ type: z.literal('batch.failed'), data: failed, ...base, ...metadata }),
  z.looseObject({ type: z.literal(['batch.expired', 'batch.cancelled']), data: ended, ...base, ...metadata }),
])

/** Handles an event. */
export type Handle = (event: z.infer<typeof Event>) => unknown

/**
 * The work of a receiver that handles events before the answer: signature, window, duplicates, JSON, schema, one handler.
 *
 * @returns The status of the answer
 */
export function createHandWritten(
  handle: Handle,
): (header: ReadHeader, body: Uint8Array) => Promise<200 | 400 | 401 | 500> {
  const seen = new Map<string, number>()
  return async (header, body) => {
    if (!isGenuine(header, body)) return 401
    const id = header('webhook-id')
    if (seen.has(id)) return 200
    const event = Event.safeParse(parse(body))
    if (!event.success) return 400
    seen.set(id, Date.now() + RETENTION_MS)
    try {
      await handle(event.data)
      return 200
    } catch {
      seen.delete(id)
      return 500
    }
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
  } catch {
    return undefined
  }
}
