/**
 * Serialises a JSON value canonically: no white space, sorted keys, numbers and strings as `JSON.stringify` writes
 * them. Documents with the same content have the same canonical form.
 *
 * @returns The text, or `undefined` if the value contains `Infinity`, to which numbers such as `1e400` parse
 */
export function toCanonicalJson(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return join('[', value.map(toCanonicalJson), ']')
  // Compared by code units, without locale or normalisation.
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return join('{', members.map(toMember), '}')
}

function toMember([name, value]: [string, unknown]): string | undefined {
  const text = toCanonicalJson(value)
  return text === undefined ? undefined : `${JSON.stringify(name)}:${text}`
}

function join(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(',')}${close}`
}
