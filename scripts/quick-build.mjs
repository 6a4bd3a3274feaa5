// Builds packages without their types, in a second: enough to run them. `npx pnpm@12 build` builds what is published.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const manifestOf = (folder) => JSON.parse(readFileSync(at(`${folder}/package.json`), 'utf8'))

/** The packages the projects depend on, directly or not, whose sources are newer than their builds. */
export function outdatedPackages(projects) {
  const folders = new Set()
  const visit = (folder) => {
    for (const [name, range] of Object.entries(manifestOf(folder).dependencies ?? {})) {
      const dependency = name.replace('@gwh/', 'packages/')
      if (!range.startsWith('workspace:') || folders.has(dependency)) continue
      folders.add(dependency)
      visit(dependency)
    }
  }
  for (const project of projects) visit(project)
  return [...folders].filter(isOutdated)
}

function isOutdated(folder) {
  const outputs = Object.values(entriesOf(folder)).map((path) => at(`${folder}/${path}`))
  if (!outputs.every((path) => existsSync(path))) return true
  const builtAt = Math.min(...outputs.map((path) => statSync(path).mtimeMs))
  // Folders too: a deleted file changes nothing else.
  const sources = [
    'package.json',
    'src',
    ...readdirSync(at(`${folder}/src`), { recursive: true }).map((path) => `src/${path}`),
  ]
  return sources.some((path) => statSync(at(`${folder}/${path}`)).mtimeMs > builtAt)
}

/** Builds the packages; resolves to an exit code. */
export async function quickBuild(folders) {
  try {
    await Promise.all(folders.map(buildPackage))
    return 0
  } catch {
    // esbuild has printed what is wrong.
    return 1
  }
}

function buildPackage(folder) {
  const entries = Object.entries(entriesOf(folder)).map(([source, output]) => [
    output.replace('./dist/', '').replace(/\.js$/, ''),
    at(`${folder}/${source}`),
  ])
  return build({
    entryPoints: Object.fromEntries(entries),
    outdir: at(`${folder}/dist`),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    // Other packages are loaded, not copied, and conditions of `#imports` are resolved where the code runs.
    packages: 'external',
    external: ['#*', 'node:*'],
    sourcemap: true,
    logLevel: 'error',
  })
}

/** Source to output of everything a manifest names under `@gwh/source` and again without it. */
function entriesOf(folder) {
  const { exports = {}, imports = {} } = manifestOf(folder)
  const entries = {}
  for (const target of [...Object.values(exports), ...Object.values(imports)]) {
    const { '@gwh/source': source, ...conditions } = target
    if (typeof source === 'string') entries[source] = conditions.default
    else for (const name of Object.keys(source ?? {})) entries[source[name]] = conditions[name]
  }
  return entries
}
