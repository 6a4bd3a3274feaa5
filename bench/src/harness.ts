import { median } from './measured.ts'

/** Something whose speed is compared: it does its work `times` times. */
export interface Contender {
  name: string
  run(times: number): Promise<void> | void
}

const ROUNDS = 11
const ROUND_MS = 60
const WARM_UP_MS = 600

/**
 * Runs all contenders in turns, round after round, so that other load on the machine affects them alike. Prints for each
 * the median rate per second of CPU time, its spread, and its ratio to the first; only the ratio compares between machines.
 */
export async function compare(title: string, contenders: readonly Contender[]): Promise<Map<string, number>> {
  const times: number[] = []
  for (const contender of contenders) times.push(await calibrate(contender))
  const rates = contenders.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) {
      rates[index]!.push(await measure(contender, times[index]!))
    }
  }
  const medians = new Map(contenders.map(({ name }, index) => [name, median(rates[index]!)]))
  print(title, contenders, rates)
  return medians
}

/** Warms a contender up until it is compiled, and returns how often it runs in one round. */
async function calibrate(contender: Contender): Promise<number> {
  const warmUntil = performance.now() + WARM_UP_MS
  let times = 16
  let rate = 0
  while (performance.now() < warmUntil) {
    rate = await measure(contender, times)
    times = Math.max(16, Math.round((rate * ROUND_MS) / 1000))
  }
  return times
}

async function measure(contender: Contender, times: number): Promise<number> {
  // CPU time, not wall time, so that other processes do not count.
  const before = process.cpuUsage()
  await contender.run(times)
  const { user, system } = process.cpuUsage(before)
  return (times / (user + system)) * 1_000_000
}

function print(title: string, contenders: readonly Contender[], rates: readonly number[][]): void {
  console.log(`\n${title}`)
  const base = median(rates[0]!)
  for (const [index, { name }] of contenders.entries()) {
    const [low, mid, high] = [Math.min(...rates[index]!), median(rates[index]!), Math.max(...rates[index]!)]
    const spread = `${short(low)} – ${short(high)}`
    console.log(
      `  ${name.padEnd(44)} ${short(mid).padStart(8)}/s  ${spread.padEnd(18)} × ${(mid / base).toFixed(2)}`,
    )
  }
}

function short(rate: number): string {
  return rate >= 10_000
    ? `${(rate / 1000).toFixed(0)} k`
    : rate >= 1000
      ? `${(rate / 1000).toFixed(1)} k`
      : rate.toFixed(0)
}
