import { isEvent, parseEvent, WebhookPayloadError } from '@gwh/core'
import { EVENT_TYPES } from '@gwh/core/events'
import { describe, expect, test } from 'vitest'
import { vectors } from './support.ts'

const parse = (body: unknown) => parseEvent(JSON.stringify(body))
const parseData = (type: string, data: object) => parse({ type, data }).data

describe('an event as documented', () => {
  test('is parsed from bytes and from text alike', () => {
    const event = parseEvent(vectors.body)
    expect(event).toEqual({
      type: 'batch.succeeded',
      id: 'batches/b0emu1ator2example3id4bare5opaque6xy',
      data: {
        id: 'batches/b0emu1ator2example3id4bare5opaque6xy',
        output_file_uri: 'files/batch-b0emu1ator2example3id4bare5opaque6xy',
        file: 'files/batch-b0emu1ator2example3id4bare5opaque6xy',
        fileUri: 'files/batch-b0emu1ator2example3id4bare5opaque6xy',
      },
      userMetadata: { job_group: 'nightly-eval', n: 'é✓' },
      timestamp: '2026-11-20T12:00:00Z',
      version: 'v1',
      raw: JSON.parse(vectors.body),
    })
    expect(parseEvent(new TextEncoder().encode(vectors.body))).toEqual(event)
  })

  test.each(EVENT_TYPES)('%s needs no more than an object data', (type) => {
    const event = parse({ type, data: {} })
    expect(event).toMatchObject({ type, id: undefined, userMetadata: {}, timestamp: undefined })
    expect(isEvent(parse({ type, data: { id: 'x' } }), type)).toBe(true)
  })

  test('batch.completed of the launch is batch.succeeded; raw keeps what was sent', () => {
    const event = parse({ type: 'batch.completed', data: { id: 'x', output_file_uri: 'files/y' } })
    expect(isEvent(event, 'batch.succeeded') && event.data.file).toBe('files/y')
    expect(event.raw.type).toBe('batch.completed')
  })
})

describe('ids', () => {
  test.each<[string, unknown, string | undefined]>([
    ['batch.succeeded', 'x1', 'batches/x1'],
    ['batch.succeeded', 'batches/x1', 'batches/x1'],
    ['batch.failed', 'x1', 'batches/x1'],
    ['batch.cancelled', 17, 'batches/17'],
    ['batch.later_added', 'x1', 'batches/x1'],
    ['interaction.completed', 'x1', 'x1'],
    ['interaction.completed', 'interactions/x1', 'interactions/x1'],
    ['video.generated', 'models/m/operations/o', 'models/m/operations/o'],
    ['ping', 'x1', 'x1'],
    ['batch.succeeded', null, undefined],
    ['batch.succeeded', { id: 'x' }, undefined],
    ['batch.succeeded', ['x'], undefined],
    ['batch.succeeded', true, undefined],
  ])('%s with id %j is about %j', (type, id, expected) => {
    const event = parse({ type, data: { id } })
    expect([event.id, event.data.id]).toEqual([expected, expected])
  })
})

describe('the result pointer', () => {
  test.each<[object, string | undefined, string | undefined]>([
    [{ output_file_uri: 'files/batch-x' }, 'files/batch-x', 'files/batch-x'],
    [{ output_file_uri: 'gs://bucket/files/results.jsonl' }, undefined, 'gs://bucket/files/results.jsonl'],
    [
      { output_file_uri: 'https://g.example/v1beta/files/batch-x:download?alt=media' },
      'files/batch-x',
      'https://g.example/v1beta/files/batch-x:download?alt=media',
    ],
    [
      { video_uri: 'https://g.example/v1/files/abc?key=1#top' },
      'files/abc',
      'https://g.example/v1/files/abc?key=1#top',
    ],
    [{ video_uri: 'files/a', output_file_uri: 'files/b', uri: 'files/c' }, 'files/a', 'files/a'],
    [{ output_file_uri: 'files/b', uri: 'files/c' }, 'files/b', 'files/b'],
    [{ uri: 'files/c' }, 'files/c', 'files/c'],
    [{ file_name: 'files/d', file_id: 'e' }, 'files/d', 'files/d'],
    [{ file_id: 'e' }, 'files/e', 'e'],
    [{ output_file_uri: 'gs://bucket/o', file_name: 'files/d' }, 'files/d', 'gs://bucket/o'],
    [{ output_file_uri: 'https://other.example/a/b' }, undefined, 'https://other.example/a/b'],
    [{ output_file_uri: '' }, undefined, ''],
    [{ output_file_uri: 5, file_name: null, file_id: 'e' }, 'files/e', 'e'],
    [{}, undefined, undefined],
  ])('%j names %j', (data, file, fileUri) => {
    expect(parseData('batch.succeeded', data)).toMatchObject({ file, fileUri })
    expect(parseData('video.generated', data)).toMatchObject({ file, fileUri })
  })
})

describe('the failure', () => {
  test.each<[object, string | undefined, string | undefined]>([
    [{ error_code: 'INTERNAL', error_message: 'no' }, 'INTERNAL', 'no'],
    [{ error_code: 13 }, '13', undefined],
    [{ error_code: {}, error_message: 5 }, undefined, undefined],
    [{}, undefined, undefined],
  ])('%j', (data, errorCode, errorMessage) => {
    expect(parseData('batch.failed', data)).toMatchObject({ errorCode, errorMessage })
    expect(parseData('interaction.failed', data)).toMatchObject({ errorCode, errorMessage })
  })
})

describe('user metadata is found at the envelope first, then in data, in either spelling', () => {
  const one = { n: 1 }
  const two = { n: 2 }
  test.each<[string, object, object]>([
    ['envelope, snake case', { user_metadata: one, data: { user_metadata: two } }, one],
    ['envelope, camel case', { userMetadata: one, data: { userMetadata: two } }, one],
    ['data, snake case', { data: { user_metadata: two } }, two],
    ['data, camel case', { data: { userMetadata: two } }, two],
    ['both spellings', { user_metadata: one, userMetadata: two, data: {} }, one],
    ['null at the envelope', { user_metadata: null, data: { user_metadata: two } }, two],
    ['a text at the envelope', { user_metadata: 'x', data: { user_metadata: two } }, two],
    ['a list at the envelope', { user_metadata: [1], data: { user_metadata: two } }, two],
    ['nowhere', { data: {} }, {}],
    ['any JSON inside', { user_metadata: { a: { b: [null, 'x'] } }, data: {} }, { a: { b: [null, 'x'] } }],
  ])('%s', (_, body, userMetadata) => {
    expect(parse({ type: 'batch.succeeded', ...body }).userMetadata).toEqual(userMetadata)
  })
})

describe('what Google adds or changes later loses no event', () => {
  test('unknown types and fields are kept', () => {
    const body = { type: 'webhook.ping', data: { a: { b: [1] } }, extra: true, version: 'v9' }
    const event = parse(body)
    expect(event).toMatchObject({ type: 'webhook.ping', data: { a: { b: [1] } }, version: 'v9', raw: body })
  })

  test('unknown fields of known types are kept beside the normalised ones', () => {
    expect(parseData('batch.succeeded', { id: 'x', stats: { n: 1 } })).toMatchObject({ stats: { n: 1 } })
  })

  test.each([
    ['version', 5],
    ['timestamp', { seconds: 1 }],
    ['timestamp', null],
  ])('a %s of another kind (%j) counts as absent', (name, value) => {
    expect(parse({ type: 'ping', data: {}, [name]: value })).toMatchObject({ [name]: undefined })
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'a type named %s is unknown',
    (type) => {
      expect(parse({ type, data: { id: 'x' } })).toMatchObject({ type, id: 'x' })
    },
  )
})

describe('anything else is payload_invalid', () => {
  test.each<[string, string | Uint8Array]>([
    ['no bytes', ''],
    ['white space', ' \n'],
    ['no JSON', '{"type":"x"'],
    ['two texts', '{}{}'],
    ['a comment', '{"type":"x","data":{}}//'],
    ['a number', '5'],
    ['null', 'null'],
    ['a text', '"batch.succeeded"'],
    ['a list', '[{"type":"x","data":{}}]'],
    ['no type', '{"data":{}}'],
    ['an empty type', '{"type":"","data":{}}'],
    ['a type that is a list', '{"type":["x"],"data":{}}'],
    ['a type of 257 characters', JSON.stringify({ type: 'x'.repeat(257), data: {} })],
    ['no data', '{"type":"x"}'],
    ['data that is null', '{"type":"x","data":null}'],
    ['data that is a list', '{"type":"x","data":[]}'],
    ['data that is a text', '{"type":"x","data":"{}"}'],
    ['a byte order mark', '\ufeff{"type":"x","data":{}}'],
    ['a byte order mark in bytes', new TextEncoder().encode('\ufeff{"type":"x","data":{}}')],
    [
      'invalid UTF-8',
      new Uint8Array([...new TextEncoder().encode('{"type":"x","data":{"a":"'), 0xff, 0x22, 0x7d, 0x7d]),
    ],
    ['UTF-16', new Uint8Array(Buffer.from('{"type":"x","data":{}}', 'utf16le'))],
    ['a repeated key', '{"type":"x","data":{},"data":{"id":"y"}}'],
    ['a prototype', '{"type":"x","data":{"__proto__":{"admin":true}}}'],
    [
      'nesting of 65',
      JSON.stringify({ type: 'x', data: {} }).replace('{}', `{"a":${'['.repeat(63)}${']'.repeat(63)}}`),
    ],
  ])('%s', (_, body) => {
    expect(() => parseEvent(body)).toThrow(WebhookPayloadError)
    expect(() => parseEvent(body)).toThrow(expect.objectContaining({ code: 'payload_invalid', status: 400 }))
  })

  test('a type of 256 characters and nesting of 64 are not', () => {
    expect(parse({ type: 'x'.repeat(256), data: {} }).type).toHaveLength(256)
    const deep = JSON.stringify({ type: 'x', data: {} }).replace(
      '{}',
      `{"a":${'['.repeat(62)}${']'.repeat(62)}}`,
    )
    expect(parseEvent(deep).type).toBe('x')
  })
})
