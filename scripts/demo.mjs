// `npm run demo`: installs and builds what the demo and the sample app on `node:http` need, unless that is done, and
// runs the demo on the toolchain's Node.
import { fileURLToPath } from 'node:url'
import { ensureInstalled } from './demo-install.mjs'
import { step, tool } from './setup.mjs'

const PROJECTS = ['apps/demo', 'apps/node-http']

await ensureInstalled(PROJECTS)
// esbuild is installed only now.
const { outdatedPackages, quickBuild } = await import('./quick-build.mjs')
const outdated = outdatedPackages(PROJECTS)
if (outdated.length > 0) await step('Building', () => quickBuild(outdated))
const cwd = fileURLToPath(new URL('../apps/demo', import.meta.url))
process.exitCode = await tool('node', ['src/main.ts', ...process.argv.slice(2)], { cwd })
