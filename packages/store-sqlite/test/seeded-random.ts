/**
 * Makes numbers in [0, 1) that a failing run can repeat: its seed is printed and taken from `GWH_SEED`.
 *
 * @param what What is random, for the printed line
 */
export function seededRandom(what: string): () => number {
  const seed = Number(process.env.GWH_SEED ?? Date.now() % 1_000_000)
  console.info(`seed of the ${what}: ${seed} (set GWH_SEED to repeat them)`)
  let state = seed
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
