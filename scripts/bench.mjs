// `npm run bench`: installs and builds everything, measures it, prints the tables and writes docs/performance.md.
import { fileURLToPath } from 'node:url'
import { setup, tool } from './setup.mjs'

const HELP = `npm run bench -- [--quick] [--only <chapter>]

Without options: 15 rounds of everything, about ten minutes, written to docs/performance.md.

  --quick           5 rounds: noisier, and nothing is written
  --only <chapter>  one of servers, verification, imports, growth: prints its tables, and nothing is written`

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(HELP)
  process.exit()
}

await setup()
const cwd = fileURLToPath(new URL('../bench', import.meta.url))
process.exitCode = await tool('node', ['src/report/main.ts', ...args], { cwd })
