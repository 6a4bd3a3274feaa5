// Runs the scenarios, or with `--mutants` the scenarios against systems with a known mistake. Names choose some of them.
import { parseArgs } from 'node:util'
import { MUTANTS } from './mutants.ts'
import { runScenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, mutants: { type: 'boolean', default: false } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
const startedAt = performance.now()
console.log(`seed ${seed}`)

const { passed, failed, word } = values.mutants ? await runMutants() : await runScenarios()
console.log(
  `faults: ${passed} ${word} passed, ${failed} failed (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`,
)
// A client of a killed server may still be waiting to reconnect.
process.exit(failed === 0 && passed > 0 ? 0 : 1)

function chosen<T extends { name: string }>(all: readonly T[]): T[] {
  const unknown = positionals.find((name) => !all.some((one) => one.name === name))
  if (unknown !== undefined)
    throw new RangeError(`there is no "${unknown}"; there are ${all.map(({ name }) => name).join(', ')}`)
  return all.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
}

async function runScenarios() {
  let passed = 0
  const scenarios = chosen(SCENARIOS)
  for (const scenario of scenarios) {
    const { figures, failures } = await runScenario(scenario, seed)
    const held = failures.length === 0
    if (held) passed++
    console.log(`${held ? '✓' : '✗'} ${scenario.name.padEnd(15)} ${figures}`)
    for (const failure of failures) console.log(`  ✗ does not hold: ${failure}`)
  }
  return { passed, failed: scenarios.length - passed, word: 'scenarios' }
}

/** A mutant passes when its scenario fails for the right reason. */
async function runMutants() {
  let passed = 0
  const mutants = chosen(MUTANTS)
  for (const mutant of mutants) {
    const { figures, failures } = await runScenario(mutant, seed)
    const seen = failures.includes(mutant.breaks)
    if (seen) passed++
    console.log(
      `${seen ? '✓' : '✗'} ${mutant.name.padEnd(18)} ${mutant.scenario} is ${seen ? 'red' : 'not red'}: ${figures}`,
    )
  }
  return { passed, failed: mutants.length - passed, word: 'mutants' }
}
