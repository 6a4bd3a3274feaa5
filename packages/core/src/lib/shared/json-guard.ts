/** Why valid JSON is refused. */
export type JsonFlaw = 'duplicate_key' | 'forbidden_key' | 'too_deep'

const MAX_DEPTH = 64
// Counting the brackets of shorter texts takes longer than it saves.
const WORTH_COUNTING = 2048
const SPACE = 0x20
const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Finds JSON that `JSON.parse` accepts but that is unsafe: `__proto__` keys, nesting deeper than 64 levels, and duplicate
 * keys, which parsers read differently.
 *
 * @param text Valid JSON
 * @param value The result of parsing it
 */
export function findJsonFlaw(text: string, value: unknown): JsonFlaw | undefined {
  const unseen = { containers: mostContainers(text) }
  const keys = countKeys(value, 1, unseen)
  if (typeof keys === 'string') return keys
  // Parsing keeps one member of a duplicate key, so without one there are as many members as keys. The first count never
  // misses a member, and is three times as fast as the exact one, which only odd strings need.
  return countAtLeast(text) === keys || countMembers(text) === keys ? undefined : 'duplicate_key'
}

/**
 * Returns the number of keys in all objects, or the first flaw found. Once all containers are seen, the values left are not
 * read, because reading those of a large object takes as long as listing its keys.
 */
function countKeys(value: unknown, depth: number, unseen: { containers: number }): number | JsonFlaw {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > MAX_DEPTH) return 'too_deep'
  if (Object.hasOwn(value, '__proto__')) return 'forbidden_key'
  unseen.containers--
  // `for in` takes a third longer for objects with hundreds of keys, and four times as long for arrays.
  const names = Array.isArray(value) ? undefined : Object.keys(value)
  const length = names ? names.length : (value as unknown[]).length
  let keys = names ? length : 0
  for (let index = 0; index < length && unseen.containers > 0; index++) {
    const child = (value as Record<string | number, unknown>)[names ? names[index]! : index]
    if (typeof child !== 'object' || child === null) continue
    const inner = countKeys(child, depth + 1, unseen)
    if (typeof inner === 'string') return inner
    keys += inner
  }
  return keys
}

/** At least the number of objects and arrays. Brackets in strings count too. */
function mostContainers(text: string): number {
  return text.length < WORTH_COUNTING ? text.length : count(text, '{') + count(text, '[')
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found++
  return found
}

/** The number of colons that follow a quote: one for each member, and more if a string contains `":`. */
function countAtLeast(text: string): number {
  let found = 0
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1
    // White space may come between; no other character that JSON allows here is smaller.
    while (text.charCodeAt(before) <= SPACE) before--
    if (text.charCodeAt(before) === QUOTE) found++
  }
  return found
}

/** The number of colons outside strings, of which each member has one. */
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
