/** The fields of a JSON object from outside, of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

/** The fields of a value; none if it is not an object. */
export function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}
