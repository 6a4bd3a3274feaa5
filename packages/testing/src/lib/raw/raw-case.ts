import type { OutgoingRequest } from '../http/request.ts'

/** Bytes to send, and how they must be answered. */
export interface RawCase {
  name: string
  /**
   * `accepted`: the delivery in them is accepted. `refused`: a 4xx, 501 or 505, or a closed connection without an
   * answer, and the delivery in them was not accepted.
   */
  verdict: 'accepted' | 'refused'
  /** Makes the bytes out of a good request, one character a byte. */
  bytes(request: OutgoingRequest): string
  /** What the sender does after its bytes, before an answer: half-close or reset the connection. Default: wait. */
  ending?: 'finish' | 'vanish'
}

/** A request as lines, so that changes may make it invalid. */
export interface RawParts {
  line: string
  headers: readonly string[]
  body: string
}

type Change = (parts: RawParts) => Partial<RawParts> | string

export function refused(name: string, change: Change, ending?: RawCase['ending']): RawCase {
  return { name, verdict: 'refused', bytes: changed(change), ...(ending && { ending }) }
}

export function accepted(name: string, change: Change, ending?: RawCase['ending']): RawCase {
  return { name, verdict: 'accepted', bytes: changed(change), ...(ending && { ending }) }
}

function changed(change: Change): RawCase['bytes'] {
  return (request) => {
    const parts = toParts(request)
    const made = change(parts)
    return typeof made === 'string' ? made : join({ ...parts, ...made })
  }
}

function toParts({ method, target, headers, body }: OutgoingRequest): RawParts {
  return {
    line: `${method} ${target} HTTP/1.1`,
    headers: headers.map(([name, value]) => `${name}: ${value}`),
    body,
  }
}

/** The parts as bytes. */
export function join({ line, headers, body }: RawParts, lineEnd = '\r\n'): string {
  return [line, ...headers, '', body].join(lineEnd)
}

/** With more header lines. */
export function plus({ headers }: RawParts, ...lines: string[]): Partial<RawParts> {
  return { headers: [...headers, ...lines] }
}

/** Without a header. */
export function minus({ headers }: RawParts, ...names: string[]): Pick<RawParts, 'headers'> {
  return { headers: headers.filter((line) => !names.includes(nameOf(line))) }
}

/** With another line in place of a header. */
export function instead(
  { headers }: RawParts,
  name: string,
  change: (line: string) => string,
): Partial<RawParts> {
  return { headers: headers.map((line) => (nameOf(line) === name ? change(line) : line)) }
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':'))
}

/** The target in a request line. */
export function targetOf({ line }: RawParts): string {
  return line.split(' ')[1]!
}

/** `Host` of the request. */
export function hostOf({ headers }: RawParts): string {
  return headers.find((line) => line.startsWith('host: '))!.slice('host: '.length)
}

/** A byte in readable form. */
export function byteName(code: number): string {
  return `0x${code.toString(16).padStart(2, '0').toUpperCase()}`
}

/** The bytes that are not text: control characters except tab, CR and LF, which have cases of their own. */
export const CONTROLS = [...Array.from({ length: 32 }, (_, code) => code), 0x7f].filter(
  (code) => code !== 0x09 && code !== 0x0a && code !== 0x0d,
)
