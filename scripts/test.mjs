// `npm test`: sets up, then checks what a change can break. `npm run test:all` (`--all`) adds what takes long: the whole
// cross product of adapters, runtimes and modes, the sample apps, and a real release. docs/decisions/019 lists which
// run has what. Ends with one line that sums everything up.
import { fileURLToPath } from 'node:url'
import { pnpm, setup, tool } from './setup.mjs'
import { ensureSystem, NEEDED, SHELLS } from './system.mjs'
import { createTally } from './tally.mjs'

const all = process.argv.includes('--all')
const folderOf = (name) => fileURLToPath(new URL(`../test/${name}`, import.meta.url))
const tally = createTally()

await setup()
ensureSystem(all ? [...NEEDED, ...SHELLS] : NEEDED)
await tally.check('types', () => tool('node', ['scripts/typecheck.mjs'], { quiet: true }))
await tally.check('style', () => tool('biome', ['check', '.'], { quiet: true }))
await tally.suite('runtimes', startSuite)
await tally.vitest('unit', (options) =>
  tool('vitest', ['run', '--project', 'pure', '--project', 'unit', ...options]),
)
await tally.vitest('redis', (options) =>
  tool('vitest', ['run', '--project', 'redis', '--maxWorkers', '2', ...options]),
)
await tally.suite('adapters', (name, options) => startSuite(name, options, '--quick'))
if (all) {
  console.log(`\nnpm test: ${tally.sum()}\n`)
  await tally.suite('adapters', (name, options) => startSuite(name, options, '--added'))
  await tally.vitest('apps', (options) =>
    tool('vitest', ['run', '--project', 'apps', '--maxWorkers', '1', ...options]),
  )
  // The release is made with pnpm, and started by pnpm as in CI.
  await tally.vitest('packaging', (options) => pnpm(['run', 'test:packaging', ...options]))
}
if (tally.failed()) console.log(`\n${tally.failures()}`)
console.log(`\n${tally.sum()}`)
process.exitCode = tally.failed() ? 1 : 0

/** Runs a suite under `test/` that prints its own table and sum. */
function startSuite(name, options, ...args) {
  return tool('node', ['src/run-all.ts', ...args], { cwd: folderOf(name), ...options })
}
