import { inspect } from 'node:util'
import * as core from '@gwh/core'
import * as errors from '@gwh/core/errors'
import { ERROR_STATUS, toCause, WebhookError, type WebhookErrorCode } from '@gwh/core/errors'
import { describe, expect, test } from 'vitest'
import { answerFor } from '../src/lib/http/answer.ts'
import { isRefusal, refuse, toError } from '../src/lib/shared/refusal.ts'

const CODES = Object.keys(ERROR_STATUS) as WebhookErrorCode[]
const CLASSES = [
  errors.WebhookConfigError,
  errors.WebhookPayloadError,
  errors.WebhookUnavailableError,
  errors.WebhookVerificationError,
]

describe.each(CODES)('%s', (code) => {
  test('is a word of lower-case letters, with a status a sender may see', () => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect([400, 401, 403, 404, 405, 408, 409, 413, 415, 500, 503]).toContain(ERROR_STATUS[code])
  })

  test('is answered with its status and no word but its own', () => {
    const { status, headers, body } = answerFor(code)
    expect(status).toBe(ERROR_STATUS[code])
    expect(body).toBe(JSON.stringify({ error: status === 401 ? 'unauthorized' : code }))
    expect(headers['content-type']).toBe('application/json')
    expect('retry-after' in headers).toBe(status === 503)
  })

  test('becomes an error with its code, status and message', () => {
    const error = toError(refuse(code, 'because'))
    expect(error).toBeInstanceOf(WebhookError)
    expect(error).toMatchObject({ code, status: ERROR_STATUS[code], message: 'because' })
    expect(error.name).toBe(error.constructor.name)
  })
})

describe('the class of an error says what to do about it', () => {
  test.each<[WebhookErrorCode, string]>([
    ['signature_invalid', 'WebhookVerificationError'],
    ['header_missing', 'WebhookVerificationError'],
    ['job_unknown', 'WebhookVerificationError'],
    ['payload_invalid', 'WebhookPayloadError'],
    ['body_too_large', 'WebhookError'],
    ['method_not_allowed', 'WebhookError'],
    ['jwks_unavailable', 'WebhookUnavailableError'],
    ['draining', 'WebhookUnavailableError'],
    ['raw_body_required', 'WebhookError'],
  ])('%s is a %s', (code, name) => {
    expect(toError(refuse(code, '')).name).toBe(name)
  })

  test('a cause is rebuilt from the name, the message and the code of what a client threw', () => {
    const command = { name: 'set', args: ['key', 'a delivery'] }
    const thrown = Object.assign(new RangeError('OOM'), { code: 'OOM', command, cause: command })
    const cause = toCause(thrown)
    expect(inspect(cause, { showHidden: true })).not.toContain('a delivery')
    expect(cause).toBeInstanceOf(Error)
    expect([cause.name, cause.message, cause]).toEqual([
      'RangeError',
      'OOM',
      expect.objectContaining({ code: 'OOM' }),
    ])
  })

  test('a cause does not quote the arguments of a command that Redis does not know', () => {
    const message = "ERR unknown command 'EVALSHA', with args beginning with: 'digest' 'a delivery'"
    expect(toCause(new Error(message)).message).toBe("ERR unknown command 'EVALSHA'")
  })

  test('the cause of a failed connection that has no message is its code', () => {
    const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
    expect(toCause(refused).message).toBe('ECONNREFUSED')
  })

  test.each([undefined, null, 'a delivery', { message: 'a delivery' }])(
    '%j is not an error, and not shown',
    (thrown) => {
      expect(inspect(toCause(thrown), { showHidden: true })).not.toContain('a delivery')
    },
  )

  test.each(CLASSES)('%o keeps its name and its cause', (errorClass) => {
    const cause = new Error('below')
    const error = new errorClass('internal', 'above', { cause })
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.cause]).toEqual([errorClass.name, cause])
    expect(String(error)).toBe(`${errorClass.name}: above`)
  })

  test('a PermanentError is not one of them: users throw it', () => {
    const error = new errors.PermanentError('no', { cause: 1 })
    expect(error).not.toBeInstanceOf(WebhookError)
    expect([error.name, error.cause]).toEqual(['PermanentError', 1])
  })

  test('is the same from either entry point', () => {
    const values: unknown[] = Object.values(core)
    expect([...CLASSES, WebhookError, errors.PermanentError].every((value) => values.includes(value))).toBe(
      true,
    )
  })
})

test('no status makes a sender stop or follow a redirect', () => {
  const statuses = Object.values<number>(ERROR_STATUS)
  expect(statuses.filter((status) => status === 410 || status < 400)).toEqual([])
})

test.each([undefined, null, 'refused', 5, new Uint8Array(1), {}, []])('%j is no refusal', (value) => {
  expect(isRefusal(value)).toBe(false)
})

test('the public surface is decided, name by name', () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "EVENT_TYPES",
      "GOOGLE_JWKS_URL",
      "PermanentError",
      "WebhookConfigError",
      "WebhookError",
      "WebhookPayloadError",
      "WebhookUnavailableError",
      "WebhookVerificationError",
      "answerFor",
      "createBodyCollector",
      "createLogObserver",
      "createMemoryQueue",
      "createMemoryStore",
      "createReceiver",
      "createVerifier",
      "isEvent",
      "parseEvent",
      "toRawBody",
      "verifyWebhook",
    ]
  `)
})
