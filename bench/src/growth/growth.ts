/** How a figure changes while something grows. */
export interface Growth {
  id: string
  title: string
  /** The unit of the values. */
  unit: string
  /** What grows. */
  of: string
  /** How much of it there was, in words. */
  at: readonly string[]
  lines: { name: string; values: number[] }[]
}
