const ROUNDS = 11
const ROUND_MS = 60
const WARM_UP_MS = 600
/**
 * Runs all contenders in turns, round after round, so that other load on the machine affects them alike. Prints for each
 * the median rate per second of CPU time, its spread, and its ratio to the first; only the ratio compares between machines.
 */
export async function compare(title, contenders) {
  const times = []
  for (const contender of contenders) times.push(await calibrate(contender))
  const rates = contenders.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) {
      rates[index].push(await measure(contender, times[index]))
    }
  }
  const medians = new Map(contenders.map(({ name }, index) => [name, median(rates[index])]))
  print(title, contenders, rates)
  return medians
}
/** Warms a contender up until it is compiled, and returns how often it runs in one round. */
async function calibrate(contender) {
  const warmUntil = performance.now() + WARM_UP_MS
  let times = 16
  let rate = 0
  while (performance.now() < warmUntil) {
    rate = await measure(contender, times)
    times = Math.max(16, Math.round((rate * ROUND_MS) / 1000))
  }
  return times
}
async function measure(contender, times) {
  // CPU time, not wall time, so that other processes do not count.
  const before = process.cpuUsage()
  await contender.run(times)
  const { user, system } = process.cpuUsage(before)
  return (times / (user + system)) * 1000000
}
export function median(values) {
  const ordered = [...values].sort((a, b) => a - b)
  return ordered[Math.floor(ordered.length / 2)]
}
function print(title, contenders, rates) {
  console.log(`\n${title}`)
  const base = median(rates[0])
  for (const [index, { name }] of contenders.entries()) {
    const [low, mid, high] = [Math.min(...rates[index]), median(rates[index]), Math.max(...rates[index])]
    const spread = `${short(low)} – ${short(high)}`
    console.log(
      `  ${name.padEnd(44)} ${short(mid).padStart(8)}/s  ${spread.padEnd(18)} × ${(mid / base).toFixed(2)}`,
    )
  }
}
function short(rate) {
  return rate >= 10000
    ? `${(rate / 1000).toFixed(0)} k`
    : rate >= 1000
      ? `${(rate / 1000).toFixed(1)} k`
      : rate.toFixed(0)
}
