/** What one delivery costs a contender. */
export interface Measured {
  name: string
  /** CPU time of one delivery, in microseconds: the least and the median of all rounds. */
  leastUs: number
  medianUs: number
  /** How many deliveries it takes in the CPU time that `to` needs for one; compares the least times. */
  ratio: number
  /** The contender it is compared with. */
  to: string
  /** The ratio or time that it should reach, in words. */
  target?: string
  /** The 99th percentile of the time to the answer, and the longest stall of the event loop, in milliseconds: medians. */
  p99Ms?: number
  stallMs?: number
}

/** The times of all rounds of one contender. */
export interface Rounds {
  name: string
  /** Default: the first contender. */
  to?: string
  target?: string
  /** CPU time of one delivery in each round, in microseconds. */
  times: readonly number[]
}

/** Compares the least times, because other load on the machine only adds to them. */
export function toMeasured(all: readonly Rounds[]): Measured[] {
  return all.map(({ name, to = all[0]!.name, target, times }) => {
    const reference = all.find((other) => other.name === to)
    if (!reference) throw new Error(`${name} is compared with ${to}, which is not in its table`)
    const leastUs = Math.min(...times)
    const ratio = Math.min(...reference.times) / leastUs
    return { name, leastUs, medianUs: median(times), ratio, to, ...(target !== undefined && { target }) }
  })
}

/** The middle one of the values. */
export function median(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b)
  return ordered[Math.floor(ordered.length / 2)]!
}
