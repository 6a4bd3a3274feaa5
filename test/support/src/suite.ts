/** The result of the suite on one runtime. */
export interface SuiteResult {
  passed: number
  failures: { title: string; error: string }[]
}

/** Collects tests like a runner's `test`, and runs them on the current runtime. */
export function createSuite() {
  const tests: { title: string; run: () => Promise<void> }[] = []
  return {
    test(title: string, run: () => Promise<void> | void): void {
      tests.push({ title, run: async () => await run() })
    },
    /** Runs a canary that must fail, then every test, a given number at a time. */
    async run(concurrency = 1): Promise<SuiteResult> {
      const canary = await attempt(() => equal(1, 2))
      if (canary === undefined)
        return { passed: 0, failures: [{ title: 'canary', error: 'a false claim passed' }] }
      const result: SuiteResult = { passed: 0, failures: [] }
      const left = tests.values()
      const work = async () => {
        for (const { title, run } of left) {
          const error = await attempt(run)
          if (error === undefined) result.passed++
          else result.failures.push({ title, error })
        }
      }
      await Promise.all(Array.from({ length: concurrency }, work))
      return result
    },
  }
}

async function attempt(run: () => Promise<void> | void): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

/** Throws unless both values have the same JSON. */
export function equal(actual: unknown, expected: unknown): void {
  const [was, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (was !== wanted) throw new RangeError(`expected ${wanted}, got ${was}`)
}
