/** A random source that gives the same numbers for the same seed. */
export interface Random {
  /** From `from` to `to`, the end not included. */
  between(from: number, to: number): number
  /** A whole number from 0 to `end - 1`. */
  below(end: number): number
}

/** Mulberry32: small, and good enough to choose moments and victims. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (from, to) => from + next() * (to - from),
    below: (end) => Math.floor(next() * end),
  }
}
