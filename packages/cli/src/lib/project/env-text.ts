import { parseEnv } from 'node:util'

/** `name = value # comment`, where a value in quotes may have several lines. */
const ASSIGNMENT =
  /^([ \t]*(?:export[ \t]+)?([^\s=#]+)[ \t]*=)[ \t]*("[^"]*"|'[^']*'|`[^`]*`|[^\r\n#]*)([^\r\n]*)(\r?\n|$)/gm

/** The names that are assigned in a text of variables, in its order. */
export function listNames(text: string): string[] {
  return [...withoutMark(text).matchAll(ASSIGNMENT)].map(([, , name]) => name!)
}

/**
 * The value of a variable as Node reads it; `undefined` if it is not there or empty.
 *
 * @see https://nodejs.org/api/util.html#utilparseenvcontent
 */
export function readVariable(text: string, name: string): string | undefined {
  return parse(withoutBlanks(withoutMark(text), name))[name] || undefined
}

/**
 * Sets a variable, and leaves comments and the other variables alone. Of several assignments the last one counts, which
 * is replaced; the others go. A byte order mark goes too, which Node would take for a part of the first name.
 *
 * @returns `undefined` if the result would not be read as intended, or if the value has characters that are not shown
 */
export function setVariable(text: string, name: string, value: string): string | undefined {
  if (/\p{C}/u.test(value)) return undefined
  const old = withoutMark(text)
  const changed = replace(old, name, value) ?? append(old, name, value)
  const [before, after] = [parse(withoutBlanks(old, name)), parse(changed)]
  const keepsOthers = Object.keys(before).every((other) => other === name || before[other] === after[other])
  return keepsOthers && after[name] === value ? changed : undefined
}

function replace(text: string, name: string, value: string): string | undefined {
  let left = listNames(text).filter((other) => other === name).length
  if (left === 0) return undefined
  return text.replace(ASSIGNMENT, (line, start, other, old, tail, end) => {
    if (other !== name) return line
    left--
    return left === 0 ? `${start}${quote(value)}${commentOf(old, tail)}${end}` : ''
  })
}

/** What follows a value, if it is a comment: a `#` without a space before it may be a part of the value. */
function commentOf(value: string, tail: string): string {
  const [, spaces] = /([ \t]*)$/.exec(value)!
  return /^[ \t]+#/.test(spaces + tail) ? spaces + tail : ''
}

function append(text: string, name: string, value: string): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  return `${text}${text === '' || text.endsWith('\n') ? '' : end}${name}=${quote(value)}${end}`
}

/** Quotes only what needs it: Docker takes quotes for a part of the value. */
function quote(value: string): string {
  return /^[\w.~+/:=,@%-]*$/.test(value) ? value : `'${value}'`
}

const withoutMark = (text: string) => text.replace(/^\ufeff/, '')

/** Node reads the next line as the value of `name=` with a space behind it. */
function withoutBlanks(text: string, name: string): string {
  return text.replace(ASSIGNMENT, (line, start, other, value, tail, end) =>
    other === name && value.trim() === '' ? `${start}${tail}${end}` : line,
  )
}

const parse = (text: string) => parseEnv(text) as Readonly<Record<string, string | undefined>>
