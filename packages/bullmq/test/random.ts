/** A small seeded generator, printed so that a failing run can be repeated with `GWH_SEED`. */
export function createSeededRandom(): () => number {
  const seed = Number(process.env.GWH_SEED ?? Date.now() % 1_000_000)
  console.info(`seed of the kills: ${seed} (set GWH_SEED to repeat them)`)
  let state = seed
  return () => {
    // The linear congruence of "Numerical Recipes".
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
