/** Why a JSON text is refused although it may parse. */
export type JsonFlaw = 'duplicate_key' | 'forbidden_key' | 'too_deep'

const MAX_DEPTH = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * Looks for what `JSON.parse` lets through and code after it trips over: keys that reach a prototype, nesting
 * that overflows stacks, and repeated keys, of which two parsers may believe different ones.
 *
 * @param text The JSON text, known to parse
 * @param value What it parsed to
 */
export function findJsonFlaw(text: string, value: unknown): JsonFlaw | undefined {
  const keys = countKeys(value, 1)
  if (typeof keys === 'string') return keys
  // Every member of the text has one colon outside strings; parsing drops all but one of a repeated key.
  return countMembers(text) === keys ? undefined : 'duplicate_key'
}

/** How many keys the value's objects have, or the flaw found on the way. */
function countKeys(value: unknown, depth: number): number | JsonFlaw {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > MAX_DEPTH) return 'too_deep'
  const isArray = Array.isArray(value)
  let keys = 0
  for (const name in value) {
    if (!isArray) keys++
    if (name === '__proto__') return 'forbidden_key'
    const child = (value as Record<string, unknown>)[name]
    if (typeof child !== 'object' || child === null) continue
    const inner = countKeys(child, depth + 1)
    if (typeof inner === 'string') return inner
    keys += inner
  }
  return keys
}

function countMembers(text: string): number {
  let members = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === COLON) members++
    else if (code === QUOTE) index = endOfString(text, index)
  }
  return members
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}
