import { CliError } from '../shared/cli-error.ts'

/** A quoted part, an escaped character, plain text, or the space between two words. */
const PART =
  /\$'((?:[^'\\]|\\[\s\S])*)'|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|(\\\r?\n)|\\([\s\S])|([^\s'"\\]+)|(\s+)/gy

/**
 * Splits a command line as a POSIX shell does, with the `$'…'` that browsers write. Nothing is expanded.
 *
 * @throws CliError when a quotation mark is left open
 */
export function splitWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let end = 0
  for (const [part, ansi, single, double, joined, escaped, plain, space] of text.matchAll(PART)) {
    end += part.length
    if (joined !== undefined) continue
    if (space !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    const quoted = ansi === undefined ? double?.replace(/\\([$`"\\])|\\\n/g, '$1') : resolveEscapes(ansi)
    word = (word ?? '') + (quoted ?? single ?? escaped ?? plain ?? '')
  }
  if (end < text.length) throw new CliError('config', 'a quotation mark of the command is not closed')
  return word === undefined ? words : [...words, word]
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', a: '\x07' }

/** Resolves the escapes of `$'…'`. */
function resolveEscapes(text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|([\s\S]))/g, (_, byte, unit, character) => {
    const code = byte ?? unit
    return code === undefined
      ? (ESCAPES[character] ?? character)
      : String.fromCharCode(Number.parseInt(code, 16))
  })
}
