import { WebhookError } from './errors.ts'

// Redis quotes the arguments of a command it does not know, a password or a delivery among them:
// https://github.com/redis/redis/blob/7.0/src/server.c, `rejectCommandFormat`.
const QUOTED_ARGUMENTS = /,? with args beginning with.*$/is

/**
 * Rebuilds what a database client threw from its name, message and code, so that it can be the `cause` of an error
 * that others log.
 *
 * A client's own error holds more than it says. ioredis, for instance, keeps the arguments of the command that failed
 * in `command.args`: the body of a delivery, the token of its job, or the password of the connection
 * (https://github.com/redis/ioredis/blob/main/lib/Command.ts). A `WebhookError` is returned as it is.
 */
export function toCause(error: unknown): Error {
  if (error instanceof WebhookError) return error
  const { name, message, code } = readError(error)
  const cause = new Error(message.replace(QUOTED_ARGUMENTS, ''))
  // Like the name of a built-in error: shown in the stack, not as a property.
  Object.defineProperty(cause, 'name', { value: name, configurable: true, writable: true })
  // A stack begins with a name and a message; the frames are those of this function and say nothing.
  cause.stack = `${name}: ${cause.message}`
  return code === undefined ? cause : Object.assign(cause, { code })
}

function readError(error: unknown): { name: string; message: string; code?: string | number } {
  // What is no error may be anything, a delivery for instance.
  if (!(error instanceof Error)) return { name: 'Error', message: 'something was thrown that is no error' }
  const { name, message, code } = error as Error & { code?: unknown }
  const known = typeof code === 'string' || typeof code === 'number'
  // An AggregateError of a failed connection has a code and no message.
  return { name: String(name), message: message || String(code ?? ''), ...(known && { code }) }
}
