import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'

const core = new URL('../../packages/core/', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'))
const entries = Object.entries<{ default?: string }>(manifest.exports)
  .filter(([, target]) => target.default)
  .map(([name, target]) => [name, join(core, target.default!)] as const)

beforeAll(() => {
  if (!existsSync(join(core, 'dist/index.js'))) throw new Error('build first: npx pnpm@12 build')
})

/** The built files an entry loads when it is imported, and the packages it imports. */
function load(entry: string, before: ReadonlySet<string> = new Set()) {
  const files = new Map<string, string>()
  const statically = new Set<string>()
  const dynamically = new Set<string>()
  const visit = (path: string) => {
    if (files.has(path)) return
    const text = readFileSync(path, 'utf8')
    files.set(path, text)
    for (const [, name] of text.matchAll(/import\(["']([^"']+)["']\)/g)) {
      // What is loaded later must keep the same rules, but may import more.
      const later = join(dirname(path), name!)
      if (!name!.startsWith('.')) dynamically.add(name!)
      // It may import, in turn, what loads it.
      else if (!before.has(later))
        for (const one of load(later, new Set([...before, later])).dynamically) dynamically.add(one)
    }
    for (const [, name] of text.matchAll(/^(?:import|export)\b[^"']*["']([^"']+)["'];?$/gm)) {
      if (name!.startsWith('.')) visit(join(dirname(path), name!))
      else statically.add(name!)
    }
  }
  visit(entry)
  return { files, statically, dynamically }
}

describe('the published build of core', () => {
  test.each(entries)('%s imports no package but zod, and jose only dynamically', (_, path) => {
    const { statically, dynamically } = load(path)
    expect([...statically].filter((name) => name !== '#crypto' && name !== 'zod/mini')).toEqual([])
    expect([...dynamically].filter((name) => !name.startsWith('jose/'))).toEqual([])
  })

  test.each(entries)('%s knows no runtime', (_, path) => {
    for (const text of load(path).files.values()) {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      expect(code).not.toMatch(/["']node:|\bprocess\.|\bBuffer\b|\bBun\.|\bDeno\./)
    }
  })

  test('the web primitives import no runtime module either', () => {
    const { files, statically } = load(join(core, 'dist/crypto/webcrypto.js'))
    expect([...statically]).toEqual([])
    for (const text of files.values()) expect(text).not.toMatch(/["']node:|\bBuffer\b/)
  })

  test('the verifying entry loads no schemas', () => {
    expect([...load(join(core, 'dist/verify.js')).statically]).toEqual(['#crypto'])
  })

  // Node spends more on loading a file than on the code in it.
  test.each([
    ['index', 7],
    ['verify', 3],
    ['queue', 4],
  ])('%s is loaded from at most %i files', (name, most) => {
    const { size } = load(join(core, `dist/${name}.js`)).files
    // `npm run demo` builds without rollup, into more files.
    expect(size, 'build again: npx pnpm@12 build').toBeLessThanOrEqual(most)
  })

  test.each([
    ['the signer', 'index', 'function signStatic('],
    ['fetching keys', 'index', 'function createJwks('],
    ['verifying tokens', 'index', 'function createJwtVerifier('],
    ['verifying job tokens', 'index', 'function createJobTokenVerifier('],
    ['explaining', 'index', 'function explainFailure('],
    ['checking given keys', 'verify', 'function selectKeys('],
  ])('%s is not loaded with %s', (_, name, code) => {
    const texts = [...load(join(core, `dist/${name}.js`)).files.values()]
    expect(texts.some((text) => text.includes(code))).toBe(false)
    const all = readdirSync(join(core, 'dist'), { recursive: true, encoding: 'utf8' })
    expect(
      all.some(
        (path) => path.endsWith('.js') && readFileSync(join(core, 'dist', path), 'utf8').includes(code),
      ),
    ).toBe(true)
  })

  test('every file the manifest names is there', () => {
    const named = JSON.stringify([manifest.exports, manifest.imports]).match(/\.\/(?:dist|src)\/[^"]+/g) ?? []
    expect(named.filter((path) => !existsSync(join(core, path)))).toEqual([])
  })
})
