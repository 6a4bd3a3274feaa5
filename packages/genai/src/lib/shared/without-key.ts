import { toCause, WebhookError } from '@gwh/core/errors'

// `fetch` quotes the value of a header that it refuses: undici in `Headers.append`, Bun and Deno in words of their own.
const REFUSED_HEADER =
  /invalid header value|header.* invalid value|character in header content|to a ByteString/is
// A shorter part of a key may be a common word.
const LEAST_LENGTH = 8

/**
 * Copies an error of a client as `toCause` does, without the client's API key. Wherever a runtime quotes a header that it
 * refuses, such as a key with a line break, the message is replaced.
 */
export function withoutKey(error: unknown, client?: object): Error {
  const cause = toCause(error)
  if (cause instanceof WebhookError) return cause
  if (REFUSED_HEADER.test(cause.message)) {
    return renamed(cause, 'the API key has a character that no header may hold')
  }
  const parts = keyParts(client)
  const message = parts.reduce((text, part) => text.replaceAll(part, '[API key]'), cause.message)
  return message === cause.message ? cause : renamed(cause, message)
}

function renamed({ name }: Error, message: string): Error {
  const copy = new Error(message)
  Object.defineProperty(copy, 'name', { value: name, configurable: true, writable: true })
  copy.stack = `${name}: ${message}`
  return copy
}

/** The key of a client and, if it has several lines, each of them. */
function keyParts(client: object | undefined): string[] {
  const { apiKey, apiClient } = Object(client) as { apiKey?: unknown; apiClient?: unknown }
  const { clientOptions } = Object(apiClient) as { clientOptions?: unknown }
  const key = apiKey ?? (Object(clientOptions) as { apiKey?: unknown }).apiKey
  if (typeof key !== 'string') return []
  return [key, ...key.split(/[^!-~]+/)].filter((part) => part.length >= LEAST_LENGTH)
}
