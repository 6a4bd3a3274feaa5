import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readManifest, root } from '../src/release.ts'

const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
const scripts = Object.keys(readManifest(root).scripts as Record<string, string>)

test.each(workflows)('%s names every action by its commit', (_, text) => {
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  expect(actions).not.toEqual([])
  expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action!))).toEqual([])
})

test.each(workflows)('%s runs scripts that exist', (_, text) => {
  const called = [...text.matchAll(/pnpm@12 (\S+)/g)].map(([, script]) => script!)
  expect(called.filter((script) => script !== 'install' && !scripts.includes(script))).toEqual([])
})

test('a release is versioned and published by the scripts these tests run, with provenance and without a token', () => {
  const [, release] = workflows.find(([name]) => name === 'release.yml')!
  expect(release).toContain('pnpm@12 version-packages')
  expect(release).toMatch(/pnpm@12 release\n\s+env:\n\s+NPM_CONFIG_PROVENANCE: "true"/)
  expect(release).toContain('id-token: write')
  expect(release).not.toMatch(/NODE_AUTH_TOKEN|NPM_TOKEN/)
})
