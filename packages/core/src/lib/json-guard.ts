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
  let keys = 0
  const open: { value: unknown; depth: number }[] = [{ value, depth: 1 }]
  for (let entry = open.pop(); entry; entry = open.pop()) {
    if (typeof entry.value !== 'object' || entry.value === null) continue
    if (entry.depth > MAX_DEPTH) return 'too_deep'
    const names = Array.isArray(entry.value) ? [] : Object.keys(entry.value)
    if (names.includes('__proto__')) return 'forbidden_key'
    keys += names.length
    for (const child of Object.values(entry.value)) open.push({ value: child, depth: entry.depth + 1 })
  }
  // Every member of the text has one colon outside strings; parsing drops all but one of a repeated key.
  return countMembers(text) === keys ? undefined : 'duplicate_key'
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
