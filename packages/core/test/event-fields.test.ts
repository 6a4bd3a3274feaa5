import { anyDataSchema, dataSchemas, EVENT_TYPES, type EventType, envelopeSchema } from '@gwh/core/events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasFailure, hasResult, readData, readEnvelope } from '../src/lib/events/event-fields.ts'

// Every field that is read, so that most generated objects have some of them, and with any JSON inside.
const FIELDS = [
  ...['id', 'error_code', 'error_message', 'output_file_uri', 'video_uri', 'uri', 'file_name', 'file_id'],
  ...['type', 'data', 'version', 'timestamp', 'user_metadata', 'constructor', 'toString', 'length', ''],
]
// The guard refuses `__proto__`, and what JSON.parse returns has a prototype.
const texts = fc.json().filter((text) => !text.includes('__proto__'))
const names = fc.string().filter((name) => name !== '__proto__')
const values = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', 'x', 0, 7, null, true, [], {}, Number.POSITIVE_INFINITY) },
  texts.map((text): unknown => JSON.parse(text)),
)
const fields = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...FIELDS) }, names)
const objects = fc.dictionary(fields, values, { noNullPrototype: true })
const eventTypes = fc.oneof(fc.constantFrom<string>(...EVENT_TYPES), fc.constantFrom(...FIELDS), fc.string())

test('data is read by hand as its schema reads it', () => {
  fc.assert(
    fc.property(eventTypes, objects, (type, wire) => {
      expect(readData(type, wire)).toStrictEqual(schemaOf(type).parse(wire))
    }),
    { numRuns: 2_000 },
  )
})

test('an envelope is read by hand as its schema reads it, and refused alike', () => {
  const types = fc.oneof(eventTypes, fc.constantFrom('x'.repeat(256), 'x'.repeat(257)), values)
  const near = fc.record(
    { type: types, data: fc.oneof(objects, values) },
    { requiredKeys: [], noNullPrototype: true },
  )
  const envelopes = fc.tuple(objects, near).map(([other, fields]) => ({ ...other, ...fields }))
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: envelopes }, values), (value) => {
      const expected = envelopeSchema.safeParse(value).data
      const { type, data, version, timestamp } = expected ?? {}
      expect(readEnvelope(value)).toStrictEqual(expected && { type, data, version, timestamp })
    }),
    { numRuns: 5_000 },
  )
})

test('what is read leaves the parsed body as it was', () => {
  const body = Object.freeze({
    type: 'batch.failed',
    version: 5,
    data: Object.freeze({ id: [], error_code: {} }),
  })
  expect(readEnvelope(body)).toStrictEqual({ ...body, version: undefined, timestamp: undefined })
  expect(readData(body.type, body.data)).toStrictEqual({ id: undefined, error_code: undefined })
})

test('every documented type has a result or a failure exactly if its schema has', () => {
  for (const type of EVENT_TYPES) {
    expect([type, hasResult(type)]).toEqual([type, schemaOf(type) === dataSchemas['batch.succeeded']])
    expect([type, hasFailure(type)]).toEqual([type, schemaOf(type) === dataSchemas['batch.failed']])
  }
})

function schemaOf(type: string) {
  return Object.hasOwn(dataSchemas, type) ? dataSchemas[type as EventType] : anyDataSchema
}
