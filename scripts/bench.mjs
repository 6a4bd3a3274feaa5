// `npm run bench`: installs and builds everything, measures it, prints the tables and writes docs/performance.md.
import { fileURLToPath } from 'node:url'
import { setup, tool } from './setup.mjs'

const OPTIONS = {
  '--quick': 'fewer rounds: two minutes instead of eight, but noisier',
  '--only': 'the next word is part of the title of a chapter; prints its tables and writes nothing',
}
const args = process.argv.slice(2)
if (args.includes('--help')) {
  for (const [name, text] of Object.entries(OPTIONS)) console.log(`  ${name}  ${text}`)
  process.exit()
}

await setup()
const cwd = fileURLToPath(new URL('../bench', import.meta.url))
process.exitCode = await tool('node', ['src/report/main.ts', ...args], { cwd })
