import { InvalidArgumentError } from 'commander'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads a time: ISO 8601, or how long ago, such as `30m`, `12h` or `7d`. Returns epoch milliseconds. */
export function readPast(text: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const ms = count === undefined ? Date.parse(text) : Date.now() - Number(count) * UNITS[unit]!
  if (!Number.isNaN(ms)) return ms
  throw new InvalidArgumentError(
    'A time such as 2026-11-20T12:00:00Z, or an age such as 12h or 7d, is needed.',
  )
}
