/**
 * The one text of a JSON value: no white space, keys in order, numbers and strings as `JSON.stringify` writes
 * them. Two JSON documents with the same content have the same text, however each is spelled.
 *
 * @returns `undefined` for a number JSON cannot write, which several spellings such as `1e400` parse to
 */
export function toCanonicalJson(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return join('[', value.map(toCanonicalJson), ']')
  // By code units, as `sort` compares: no locale, no normalisation.
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
