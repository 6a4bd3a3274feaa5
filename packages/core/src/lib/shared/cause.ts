import { WebhookError } from './errors.ts'
import { isInstance, readThrown, type ThrownTexts } from './thrown.ts'

// Redis quotes the arguments of an unknown command, which may be a password or a delivery:
// https://github.com/redis/redis/blob/7.0/src/server.c, `rejectCommandFormat`.
const QUOTED_ARGUMENTS = /,? with args beginning with.*$/is

/**
 * Copies the name, message and code of a database client's error, so that the copy can be the `cause` of an error that
 * is logged.
 *
 * The client's own error may hold secrets. ioredis, for instance, keeps the arguments of the command that failed
 * in `command.args`: the body of a delivery, the token of its job, or the password of the connection
 * (https://github.com/redis/ioredis/blob/main/lib/Command.ts). A `WebhookError` is returned unchanged.
 */
export function toCause(error: unknown): Error {
  if (isInstance(error, WebhookError)) return error
  const { name, message, code } = readError(error)
  const cause = new Error(message.replace(QUOTED_ARGUMENTS, ''))
  // Not enumerable, like the name of a built-in error.
  Object.defineProperty(cause, 'name', { value: name, configurable: true, writable: true })
  // Without frames, because they would be those of this function.
  cause.stack = `${name}: ${cause.message}`
  return code === undefined ? cause : Object.assign(cause, { code })
}

function readError(error: unknown): Pick<ThrownTexts, 'name' | 'message' | 'code'> {
  // Any other value may be secret, a delivery for instance.
  if (!isInstance(error, Error)) return { name: 'Error', message: 'a value was thrown that is not an error' }
  const texts = readThrown(error)
  // An AggregateError of a failed connection has a code and no message.
  return { ...texts, message: texts.message || (texts.code ?? '') }
}
