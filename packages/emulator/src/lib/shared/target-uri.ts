import { isPrintable } from './printable.ts'

/**
 * Reads a webhook URI, or returns `undefined` when it is no plain `http:` or `https:` URL, or has control characters,
 * which `URL` would drop.
 */
export function parseTarget(uri: unknown): URL | undefined {
  const url = typeof uri === 'string' && isPrintable(uri) ? URL.parse(uri) : null
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  return isHttp && url.username === '' && url.password === '' ? url : undefined
}
