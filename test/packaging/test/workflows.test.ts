import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readManifest, root } from '../src/release.ts'

const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
const manifest = readManifest(root)
const scripts = Object.keys(manifest.scripts as Record<string, string>)

/** The jobs of a workflow, each as its text. */
const jobsOf = (text: string) =>
  text
    .slice(text.indexOf('\njobs:'))
    .split(/^ {2}(?=[a-z-]+:$)/m)
    .slice(1)

test.each(workflows)('%s names every action by its commit', (_, text) => {
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
  expect(actions).not.toEqual([])
  expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action!))).toEqual([])
})

test.each(workflows)('%s runs scripts that exist', (_, text) => {
  const called = [...text.matchAll(/pnpm@\S+ (\S+)/g)].map(([, script]) => script!)
  expect(called.filter((script) => script !== 'install' && !scripts.includes(script))).toEqual([])
})

test('a release is versioned and published by the scripts these tests run, with provenance and without a token', () => {
  const [, release] = workflows.find(([name]) => name === 'release.yml')!
  expect(release).toContain(`${manifest.packageManager} version-packages`)
  expect(release).toMatch(/pnpm@\S+ release\n\s+env:\n\s+NPM_CONFIG_PROVENANCE: "true"/)
  expect(release).toContain('id-token: write')
  expect(release).not.toMatch(/NODE_AUTH_TOKEN|NPM_TOKEN/)
})

test.each(workflows)('%s runs exactly the pnpm that the repository pins', (_, text) => {
  const named = [...text.matchAll(/pnpm@[^ ]+/g)].map(([name]) => name)
  expect(new Set(named)).toEqual(new Set(named.length > 0 ? [manifest.packageManager] : []))
})

test.each(workflows)('%s keeps no credentials where code of dependencies runs', (_, text) => {
  for (const job of jobsOf(text)) {
    const runsDependencies = /pnpm@|\.ci\/run/.test(job)
    const checkouts = job.match(/actions\/checkout@/g) ?? []
    expect(job.match(/persist-credentials: (true|false)/g)).toEqual(
      checkouts.map(() => `persist-credentials: ${!runsDependencies}`),
    )
    if (runsDependencies) expect(job).not.toMatch(/contents: write|GH_TOKEN|github\.token/)
  }
})

test.each(workflows)(
  '%s passes what others can choose through the environment, never into a script',
  (_, text) => {
    const scripts = [...text.matchAll(/run: (?:\|\n(?: {10}.*\n)+|.*\n)/g)].map(([script]) => script)
    expect(scripts.length).toBeGreaterThan(0)
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([])
  },
)

test('a version is installed only once it has been public for a day', () => {
  const settings = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  expect(Number(/^minimumReleaseAge: (\d+)$/m.exec(settings)?.[1])).toBeGreaterThanOrEqual(1440)
})
