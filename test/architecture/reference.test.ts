import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateReference } from '../../scripts/reference/generate.mjs'

const checkedIn = fileURLToPath(new URL('../../docs/reference', import.meta.url))
const fresh = mkdtempSync(join(tmpdir(), 'gwh-reference-'))
let undocumented: string[]

beforeAll(async () => {
  undocumented = await generateReference(fresh)
}, 120_000)

afterAll(() => rmSync(fresh, { recursive: true, force: true }))

/** The pages of a folder by name. */
const readPages = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))

test('docs/reference matches the docstrings: run `npx pnpm@12 docs`', () => {
  const [now, then] = [readPages(fresh), readPages(checkedIn)]
  const names = new Set([...Object.keys(now), ...Object.keys(then)])
  expect([...names].filter((name) => now[name] !== then[name])).toEqual([])
})

test('every export and every option has a docstring', () => {
  expect(undocumented).toEqual([])
})

test('the pages contain no path of this machine', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  expect(Object.values(readPages(fresh)).filter((page) => page.includes(root))).toEqual([])
})
