/** A JSON value. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Replaces what differs at every run, such as ids, times and secrets, and leaves out what JSON does. */
export function mask(value: unknown): Json {
  return maskValue('', JSON.parse(JSON.stringify(value ?? null)))
}

const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^\/upload-session\/.*|\/upload\/\{version\}\/files\?upload_id=.*/g, '<upload url>'],
  // The captures' server named itself where Google names itself.
  [/http:\/\/127\.0\.0\.1:(\d+|PORT)|https:\/\/generativelanguage\.googleapis\.com/g, '<base>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/whsec_\.\.\.\S{4}/g, 'whsec_...<end>'],
  [/whsec_[\w+/=]{20,}/g, 'whsec_<secret>'],
  [/(page_?token=)[^&]+/gi, '$1<token>'],
  [/\bbatch-[a-z0-9]+/g, 'batch-<id>'],
  [/\b(files|batches|operations)\/[a-z0-9]+(?![a-z0-9-])/g, '$1/<id>'],
  [/\bv1_\w+(-call-\d+)?/g, 'v1_<id>'],
  [/(?<![a-z0-9])[a-z0-9]{36,38}(?![a-z0-9])/g, '<id>'],
]

/** Fields whose values are ours to choose. */
const CHOSEN: Readonly<Record<string, string>> = {
  sha256Hash: '<hash>',
  next_page_token: '<token>',
  call_id: '<call>',
  message: '<message>',
  sizeBytes: '<size>',
  output_video: '<video>',
  downloaded: '<bytes>',
}

function maskValue(name: string, value: Json): Json {
  if (CHOSEN[name] !== undefined && value !== null) return CHOSEN[name]
  if (typeof value === 'number' && /_tokens$|TokenCount$/.test(name)) return '<count>'
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map((item) => maskValue('', item))
  if (typeof value !== 'object' || value === null) return value
  const isCall = 'type' in value && value.type === 'function_call'
  return Object.fromEntries(
    Object.entries(value)
      .filter(([inner]) => inner !== 'sdkHttpResponse' && inner !== 'httpMeta')
      .map(([inner, item]) => [inner, isCall && inner === 'id' ? '<call>' : maskValue(inner, item)]),
  )
}

function maskText(text: string): string {
  return TEXTS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)
}

/** Lists where two masked values differ: `+` is only in the second, `-` only in the first, `≠` is in both. */
export function differences(first: Json, second: Json, path = ''): string[] {
  if (typeof first !== 'object' || typeof second !== 'object' || first === null || second === null) {
    return first === second ? [] : [`≠${path || 'everything'}`]
  }
  const names = new Set([...Object.keys(first), ...Object.keys(second)])
  return [...names].flatMap((name) => {
    const inner = Array.isArray(first) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    const [one, other] = [first, second].map((side) => (side as Record<string, Json>)[name])
    if (one === undefined) return [`+${inner}`]
    return other === undefined ? [`-${inner}`] : differences(one, other, inner)
  })
}
