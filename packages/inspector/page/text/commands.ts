/** A request that can be sent by hand. */
export interface RequestCopy {
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes a request as a command for bash or zsh. Nothing in it is a command of its own, whatever it contains. */
export function toCurl({ uri, headers, body }: RequestCopy): string {
  const lines = [
    `curl --globoff ${quote(uri)}`,
    ...Object.entries(headers)
      .filter(([name]) => name !== 'connection')
      .map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`),
    `  --data-raw ${quote(body)}`,
  ]
  return lines.join(' \\\n')
}

/** Writes an event as a `gwh trigger` command. */
export function toTriggerCommand(event: {
  readonly type: string
  readonly data: unknown
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly uri?: string | undefined
}): string {
  const { type, data, metadata = {}, uri } = event
  const entries = Object.entries(metadata).map(([name, value]) =>
    quote(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  )
  const parts = [
    `gwh trigger ${quote(type)}`,
    `--data ${quote(JSON.stringify(data))}`,
    ...(entries.length > 0 ? [`--metadata ${entries.join(' ')}`] : []),
    ...(uri === undefined ? [] : [`--to ${quote(uri)}`]),
  ]
  return parts.join(' ')
}

// What needs no quotes.
const PLAIN = /^[\w./:=,+-]+$/

/** Quotes a text for bash or zsh; one with control characters, on which a terminal would act, as `$'…'`. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return text
  if (/\p{Cc}/u.test(text)) return `$'${escapeAll(text)}'`
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function escapeAll(text: string): string {
  return text.replace(/[\\']|\p{Cc}/gu, (found) => {
    if (found === '\\' || found === "'") return `\\${found}`
    return [...new TextEncoder().encode(found)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join('')
  })
}
