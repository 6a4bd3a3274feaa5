import { RequestFault } from './faults.ts'

// More than any schema or metadata needs, and far less than what JSON.stringify can write back.
const MAX_DEPTH = 200

/** Refuses a JSON value with more than `levels` levels: what holds it could not be written as JSON. */
export function checkDepth(name: string, value: unknown, levels = MAX_DEPTH): void {
  if (!isDeeper(value, levels)) return
  throw new RequestFault('invalid_request', `${name} is nested more than ${levels} levels deep.`)
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

/**
 * Copies a value that was given in code the way JSON carries it, so that what is kept can be stored and sent.
 *
 * @throws RequestFault when it is no JSON value, or has too many levels
 */
export function toJson(name: string, value: unknown, levels = MAX_DEPTH): unknown {
  let copy: unknown
  try {
    const text = JSON.stringify(value)
    copy = text === undefined ? undefined : JSON.parse(text)
  } catch (error) {
    const why = error instanceof RangeError ? 'has too many levels' : 'is no JSON value'
    throw new RequestFault('invalid_request', `${name} ${why}.`)
  }
  checkDepth(name, copy, levels)
  return copy
}
