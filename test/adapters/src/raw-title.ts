/** Titles of the contract's tests for bytes on the wire. */
export function raw(verdict: 'refused' | 'accepted', names: readonly string[]): string[] {
  return names.map((name) => `raw: ${name} – ${verdict}`)
}
