import { type Measured, toMeasured } from './measured.ts'

/** Something that processes deliveries in this process. */
export interface CpuContender {
  name: string
  /** Processes that many deliveries. */
  run(times: number): Promise<void> | void
  /** The contender it is compared with. Default: the first of the table. */
  to?: string
  /** The ratio it should reach, in words. */
  target?: string
}

/** Contenders that are compared with each other. */
export interface CpuTable {
  id: string
  title: string
  contenders: readonly CpuContender[]
}

const ROUND_MS = 40
const WARM_UP_MS = 400

/** Measures the contenders of a table in turns, so that other load on the machine affects them alike. */
export async function measureCpu({ contenders }: CpuTable, rounds: number): Promise<Measured[]> {
  const counts: number[] = []
  for (const contender of contenders) counts.push(await calibrate(contender))
  const times = contenders.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries())
      times[index]!.push(await measure(contender, counts[index]!))
  }
  return toMeasured(
    contenders.map(({ name, to, target }, index) => ({
      name,
      times: times[index]!,
      ...(to !== undefined && { to }),
      ...(target !== undefined && { target }),
    })),
  )
}

/** Warms a contender up until it is compiled, and returns how many deliveries it takes in one round. */
async function calibrate(contender: CpuContender): Promise<number> {
  const warmUntil = performance.now() + WARM_UP_MS
  let count = 16
  while (performance.now() < warmUntil) {
    const microseconds = await measure(contender, count)
    count = Math.max(16, Math.round((ROUND_MS * 1000) / microseconds))
  }
  return count
}

/** CPU time of one delivery, in microseconds: not wall time, so that other processes do not count. */
async function measure({ run }: CpuContender, count: number): Promise<number> {
  const before = process.cpuUsage()
  await run(count)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
