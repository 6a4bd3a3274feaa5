// `npx pnpm@12 typecheck`: checks every TypeScript project of the repository in one run of the compiler, which
// remembers (in `*.tsbuildinfo`) what it has checked. Arguments select projects by folder: `typecheck packages/core`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const FOLDERS = ['packages', 'apps', 'test']

const wanted = process.argv.slice(2)
const configs = [...FOLDERS.flatMap((parent) => childrenOf(parent)), 'bench']
  .filter((folder) => wanted.length === 0 || wanted.includes(folder))
  .flatMap((folder) => ['tsconfig.json', 'tsconfig.test.json'].map((file) => `${folder}/${file}`))
  .filter((path) => existsSync(path))
if (configs.length === 0) {
  console.error(`no project matches ${wanted.join(' ')}: give folders such as packages/core`)
  process.exit(1)
}

// One checker per project and one project per core: more checkers would repeat each other's work.
const parallel = ['--checkers', '1', '--builders', String(availableParallelism())]
const { status } = spawnSync('tsc', ['--build', '--incremental', ...parallel, ...configs], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1

function childrenOf(parent) {
  return readdirSync(parent).map((name) => `${parent}/${name}`)
}
