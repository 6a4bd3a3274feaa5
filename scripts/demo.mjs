// `npm run demo`: installs and builds what the demo and the sample app on `node:http` need, unless that is done, and
// runs the demo on the toolchain's Node.
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from './demo-install.mjs'
import { step, tool } from './setup.mjs'

const PROJECTS = ['apps/demo', 'apps/node-http']

const OPTIONS = { '--once': 'ends when every event is handled, instead of serving the emulator until Ctrl+C' }
const args = process.argv.slice(2)
const unknown = args.find((arg) => !Object.hasOwn(OPTIONS, arg))
if (unknown !== undefined) {
  const known = Object.entries(OPTIONS).map(([name, text]) => `  ${name}  ${text}`)
  const list = `npm run demo [-- OPTION]\n${known.join('\n')}\nPORT=8788 npm run demo chooses another port for the emulator.`
  if (unknown !== '--help') console.error(`The demo has no option ${unknown}.`)
  console.log(list)
  process.exit(unknown === '--help' ? 0 : 1)
}

await ensureInstalled(PROJECTS)
// esbuild is installed only at this point.
const { outdatedPackages, quickBuild } = await import('./quick-build.mjs')
const outdated = outdatedPackages(PROJECTS)
if (outdated.length > 0) await step('Building', () => quickBuild(outdated))
const cwd = fileURLToPath(new URL('../apps/demo', import.meta.url))
process.exitCode = await tool('node', ['src/main.ts', ...args], { cwd })
