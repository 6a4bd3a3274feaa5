/** Refuses options that are not in `known`; throws `TypeError`. */
export function checkNames(prefix: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${prefix || 'options'} must be an object`)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`unknown option ${prefix}${name}`)
  }
}

/** Checks a number of at least 0; throws `TypeError` outside of the range. */
export function number(
  name: string,
  value: unknown,
  range: { above?: number; atMost?: number } = {},
): number {
  const { above = -1, atMost = Number.MAX_VALUE } = range
  // Written as what fits, so that NaN, which compares with nothing, is refused.
  if (typeof value === 'number' && value >= 0 && value > above && value <= atMost) return value
  throw new TypeError(`${name} is out of range: ${String(value)}`)
}

/** Checks a list of times that rise; throws `TypeError`. */
export function rising(name: string, value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError(`${name} must list at least one time`)
  const times = value.map((time, index) => number(`${name}[${index}]`, time))
  if (times.some((time, index) => index > 0 && time <= times[index - 1]!)) {
    throw new TypeError(`${name} must rise from entry to entry`)
  }
  return times
}

/** Checks one of a fixed set of words; throws `TypeError`. */
export function word<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const found = words.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw new TypeError(`${name} must be one of ${words.map((candidate) => `'${candidate}'`).join(', ')}`)
}

/** Checks a text that is not empty; throws `TypeError`. */
export function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${name} must be a text`)
}

/** Checks the path of a file; throws `TypeError`. */
export function path(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw new TypeError(`${name} must be the path of a file`)
}

/** Checks a boolean; throws `TypeError`. */
export function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
  return value
}

/** Checks a function; throws `TypeError`. */
export function callable<Fn extends (...args: never[]) => unknown>(name: string, value: Fn): Fn {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`)
  return value
}
