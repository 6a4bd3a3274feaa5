import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom, type Random } from './random.ts'
import { endReceivers } from './receiver-process.ts'

/** What a scenario gets. */
export interface ScenarioHarness {
  random: Random
  /** An empty folder that is deleted after the scenario. */
  folder: string
  secret: string
  /** Aborted when the scenario is over, however it ended. */
  signal: AbortSignal
}

/** The result of a scenario. */
export interface Finding {
  /** The figures of its line of output. */
  figures: string
  /** The claims that did not hold; none when it passed. */
  failures: string[]
}

/** A claim about a system under faults. */
export interface Scenario {
  name: string
  run(harness: ScenarioHarness): Promise<Finding>
}

// The longest takes two minutes on an idle machine.
const LONGEST_MS = 600_000

/** Runs a scenario in a harness of its own. A scenario that throws or does not end has failed. */
export async function runScenario(scenario: Pick<Scenario, 'run'>, seed: number): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-faults-'))
  const random = createRandom(seed)
  const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
  const over = new AbortController()
  try {
    return await within(LONGEST_MS, scenario.run({ random, folder, secret, signal: over.signal }))
  } catch (error) {
    return {
      figures: 'it did not finish',
      failures: [error instanceof Error ? error.message : String(error)],
    }
  } finally {
    over.abort()
    await endReceivers()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new RangeError(`it did not end within ${ms} ms`)), ms)
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** A stated deadline fails only at this multiple, because the machine may be busy with something else. */
export const SLACK = 3

/** Keeps the claims that did not hold. */
export function failuresOf(claims: Record<string, boolean>): string[] {
  return Object.entries(claims)
    .filter(([, holds]) => !holds)
    .map(([claim]) => claim)
}

/** Formats numbers for output. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0)
}

/** Polls a condition; `false` when it did not hold within the deadline. */
export async function eventually(
  look: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<boolean> {
  const end = performance.now() + deadlineMs
  while (performance.now() < end) {
    if (await look()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}
