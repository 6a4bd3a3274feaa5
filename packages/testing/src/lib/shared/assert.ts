/** A rule of a contract that an implementation breaks. */
export class ContractViolation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ContractViolation'
  }
}

/**
 * Compares by value: plain objects, arrays, bytes and primitives.
 *
 * @throws ContractViolation that shows both values
 */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [describe(actual), describe(expected)]
  if (found !== wanted) throw new ContractViolation(`${what}: expected ${wanted}, found ${found}`)
}

/** @throws ContractViolation unless the condition holds */
export function assertThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ContractViolation(what)
}

function describe(value: unknown): string {
  return JSON.stringify(normalise(value)) ?? 'undefined'
}

// Bytes become text and keys are sorted, so that equal values have one description.
function normalise(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes(${value.length}) ${Array.from(value).join(' ')}`
  if (Array.isArray(value)) return value.map(normalise)
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? String(value) : value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, normalise(field)]))
}
