/** Why valid JSON is refused. */
export type JsonFlaw = 'duplicate_key' | 'forbidden_key' | 'too_deep'

const MAX_DEPTH = 64
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * Finds JSON that `JSON.parse` accepts but that is unsafe: `__proto__` keys, nesting deeper than 64 levels, and duplicate
 * keys, which parsers read differently.
 *
 * @param text Valid JSON
 * @param value The result of parsing it
 */
export function findJsonFlaw(text: string, value: unknown): JsonFlaw | undefined {
  const keys = countKeys(value, 1)
  if (typeof keys === 'string') return keys
  // Each member has one colon outside strings, and parsing keeps only one member of a duplicate key.
  return countMembers(text) === keys ? undefined : 'duplicate_key'
}

/** Returns the number of keys in all objects, or the first flaw found. */
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
