// How much CPU time Node needs to import an entry point in a fresh process, in turns, and what it weighs in a bundle.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundleEntry } from '@gwh-test/support/bundle'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const bench = at('..')
const core = at('../../packages/core')

/** Something that a program imports. */
interface Import {
  specifiers: readonly string[]
  /** The folder whose `node_modules` has them. Default: that of the benchmarks. */
  from?: string
  /** The milliseconds it should take, in words. */
  target?: string
}

const IMPORTS: readonly Import[] = [
  { specifiers: ['@gwh/core'], target: '≤ 35' },
  { specifiers: ['@gwh/core/verify'], target: '≤ 8' },
  { specifiers: ['@gwh/node', '@gwh/store-sqlite'], target: '≤ 50' },
  { specifiers: ['standardwebhooks'] },
  { specifiers: ['svix'] },
  { specifiers: ['@octokit/webhooks-methods'] },
  { specifiers: ['stripe'] },
  { specifiers: ['openai'] },
  { specifiers: ['zod/mini'], from: core },
  // What every HMAC on Node needs, and what every server.
  { specifiers: ['node:crypto'] },
  { specifiers: ['node:http'] },
]

/** The milliseconds of CPU time of each import: the least of so many starts, because other load only adds to it. */
export function measureImports(starts: number): { name: string; value: number; target?: string }[] {
  const least = IMPORTS.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < starts; round++) {
    for (const [index, one] of IMPORTS.entries()) least[index] = Math.min(least[index]!, start(one))
  }
  return IMPORTS.map(({ specifiers, target }, index) => ({
    name: specifiers.join(' + '),
    value: least[index]!,
    ...(target !== undefined && { target }),
  }))
}

function start({ specifiers, from = bench }: Import): number {
  const imports = specifiers.map((specifier) => `await import('${specifier}');`).join('')
  const script = `const before=process.cpuUsage();${imports}const{user,system}=process.cpuUsage(before);console.log(user+system)`
  const microseconds = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: from })
  return Number(microseconds) / 1000
}

const BUNDLES: readonly { entry: string; names?: string[]; target?: string }[] = [
  { entry: '@gwh/core', names: ['createReceiver'], target: '≤ 18' },
  { entry: '@gwh/core/verify', target: '≤ 4' },
  { entry: 'standardwebhooks' },
  { entry: 'svix', names: ['Webhook'] },
  { entry: '@octokit/webhooks-methods' },
  { entry: 'stripe' },
  { entry: 'openai' },
]

/** The kilobytes that each import adds to a bundle for Node, minified and gzipped. */
export async function weighImports(): Promise<{ name: string; value: number; target?: string }[]> {
  const weighed = []
  for (const { entry, names, target } of BUNDLES) {
    const options = { resolveDir: bench, conditions: ['node'], external: ['node:*', 'crypto', 'buffer'] }
    const { bytes } = await bundleEntry(entry, { ...options, ...(names && { names }) })
    const name = names ? `${entry}: ${names.join(', ')}` : entry
    weighed.push({ name, value: bytes / 1024, ...(target !== undefined && { target }) })
  }
  return weighed
}
