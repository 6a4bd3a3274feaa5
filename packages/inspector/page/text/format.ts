const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A time of day, with the date when it is not that of `now`. */
export function formatTime(at: number, now = Date.now()): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '–'
  const time = date.toTimeString().slice(0, 8)
  return date.toDateString() === new Date(now).toDateString() ? time : `${toDay(date)} ${time}`
}

function toDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** A length of time in its two largest units. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  if (ms < HOUR_MS) return two(ms, MINUTE_MS, 'min', 1000, 's')
  if (ms < DAY_MS) return two(ms, HOUR_MS, 'h', MINUTE_MS, 'min')
  return two(ms, DAY_MS, 'd', HOUR_MS, 'h')
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

/** JSON with indentation; a text that is no JSON as it is. */
export function toPrettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const ROW_BYTES = 16
// A page of 16 KiB of rows is more than anyone reads.
const MAX_DUMPED_BYTES = 4096

/** Bytes as people read them: offset, hexadecimal, and the printable characters of ASCII. */
export function toHexDump(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const rows: string[] = []
  for (let at = 0; at < Math.min(bytes.length, MAX_DUMPED_BYTES); at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES)
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const ascii = String.fromCharCode(...row).replace(/[^\x20-\x7e]/g, '.')
    rows.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(ROW_BYTES * 3 - 1)}  ${ascii}`)
  }
  if (bytes.length > MAX_DUMPED_BYTES) rows.push(`… ${bytes.length} bytes in all`)
  return rows.join('\n')
}

// What would turn text around, or make it look like nothing: controls and marks of format, but for tabs and line ends.
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Text with its invisible characters spelled out, so that what is read is what is there. */
export function showUnseen(text: string): string {
  return text.replace(UNSEEN, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`)
}

/** Encodes a text as a part of a path. Half a character, which cannot be encoded, becomes a replacement character. */
export function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
