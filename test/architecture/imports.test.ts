import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const packages = fileURLToPath(new URL('../../packages/', import.meta.url))

/** The folders of a package's `src/lib`, lowest first: a folder imports only from itself and from those before it. */
const FOLDERS: Record<string, readonly string[]> = {
  bullmq: ['settings', 'redis', 'job', 'worker', 'records', 'queue'],
  cli: [
    'shared',
    'project',
    'queue',
    'dev',
    'trigger',
    'verify',
    'webhooks',
    'init',
    'doctor',
    'conformance',
    'completion',
    'commands',
    'program',
  ],
  core: [
    'shared',
    'crypto',
    'http',
    'events',
    'jwks',
    'schemes',
    'verify',
    'jobs',
    'store',
    'queue',
    'observe',
    'handle',
    'receiver',
    'adapter',
  ],
  emulator: [
    'shared',
    'storage',
    'http',
    'files',
    'faults',
    'events',
    'signing',
    'delivery',
    'webhooks',
    'jobs',
    'state',
    'api',
    'control',
    'server',
  ],
  inspector: ['protocol', 'http', 'assets', 'queue', 'dashboard'],
  genai: ['shared', 'dispatch', 'results', 'manage', 'ledger', 'await', 'forward'],
  'store-sqlite': ['database', 'commit', 'limits', 'deliveries', 'queue', 'store'],
  testing: ['shared', 'fixtures', 'http', 'raw', 'store', 'queue', 'adapter', 'vitest'],
}

/** The rings of packages. A package imports only from lower rings. */
const RINGS: readonly (readonly string[])[] = [
  ['core'],
  ['inspector'],
  ['bullmq', 'bun', 'deno', 'emulator', 'genai', 'next', 'node', 'store-redis', 'store-sqlite', 'testing'],
  ['cli'],
]

const sourcesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** The specifiers that a module imports, statically or dynamically. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const statements = text.matchAll(/^(?:import|export|\})[^'"\n]* '([^']+)'$|\bimport\('([^']+)'\)/gm)
  return [...statements].map(([, statically, dynamically]) => (statically ?? dynamically)!)
}

interface Edge {
  from: string
  to: string
}

/** Relative imports below `folder`, as paths below it. */
function edgesIn(folder: string): Edge[] {
  return sourcesOf(folder).flatMap((from) =>
    importsOf(join(folder, from))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from, to: relative(folder, resolve(folder, dirname(from), specifier)) })),
  )
}

const folderOf = (file: string) => (dirname(file) === '.' ? '' : file.split('/')[0]!)

describe.each(Object.entries(FOLDERS))('%s/src/lib', (name, order) => {
  const lib = join(packages, name, 'src/lib')

  test('has exactly the listed folders, and no other files', () => {
    expect([...new Set(sourcesOf(lib).map(folderOf))].sort()).toEqual([...order].sort())
  })

  test('imports downwards only', () => {
    const upward = edgesIn(lib).filter(
      ({ from, to }) => order.indexOf(folderOf(to)) > order.indexOf(folderOf(from)),
    )
    expect(upward).toEqual([])
  })
})

test('packages of one ring do not import each other', () => {
  const names = readdirSync(packages)
  expect(RINGS.flat().sort()).toEqual(names.sort())
  const foreign = names.flatMap((name) => {
    const ring = RINGS.findIndex((members) => members.includes(name))
    const src = join(packages, name, 'src')
    const allowed = RINGS.slice(0, ring).flat()
    return sourcesOf(src).flatMap((file) =>
      importsOf(join(src, file))
        .map((specifier) => /^@gwh\/([a-z-]+)/.exec(specifier)?.[1])
        .filter((other) => other !== undefined && !allowed.includes(other))
        .map((other) => ({ from: `${name}/src/${file}`, to: other })),
    )
  })
  expect(foreign).toEqual([])
})

const trees = [
  ...readdirSync(packages).map((name) => `packages/${name}`),
  'test/faults',
  'test/adapters',
  'test/runtimes',
]

test.each(trees)('no modules of %s import each other in a circle', (tree) => {
  const src = fileURLToPath(new URL(`../../${tree}/src/`, import.meta.url))
  expect(findCircle(edgesIn(src))).toEqual([])
})

/** The modules of one circle, in order; none where there is no circle. */
function findCircle(edges: readonly Edge[]): string[] {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    done.add(file)
    for (const { from, to } of edges) {
      if (from !== file) continue
      const circle = visit(to, [...path, file])
      if (circle.length > 0) return circle
    }
    return []
  }
  return edges.map(({ from }) => visit(from, [])).find((circle) => circle.length > 0) ?? []
}
