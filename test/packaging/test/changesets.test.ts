import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { type Manifest, packageFolders, readManifest } from '../src/release.ts'

const copy = inject('copy')
const released = packageFolders.map((name) => readManifest(join(copy, 'packages', name)))

/** What the registry knows about a package. */
async function published(name: string): Promise<{ versions: Record<string, Manifest> }> {
  const response = await fetch(new URL(name.replace('/', '%2f'), inject('registryUrl')))
  return (await response.json()) as { versions: Record<string, Manifest> }
}

test('all packages share one version, including those the changeset does not name', () => {
  const [version] = released.map((manifest) => manifest.version)
  expect(version).not.toBe('0.0.0')
  expect(new Set(released.map((manifest) => manifest.version))).toEqual(new Set([version]))
})

test('the text of a changeset is in the changelog of the package it names', () => {
  expect(readFileSync(join(copy, 'packages/core/CHANGELOG.md'), 'utf8')).toContain(
    'Something a user can notice.',
  )
})

test.each(released)('$name is in the registry', async ({ name, version }) => {
  expect(Object.keys((await published(name)).versions)).toEqual([version])
})

test.each(released)(
  '$name depends on nothing that exists only in the workspace',
  async ({ name, version }) => {
    const manifest = (await published(name)).versions[version]!
    const { dependencies = {}, peerDependencies = {} } = manifest as Record<string, Record<string, string>>
    const ranges = Object.values({ ...dependencies, ...peerDependencies })
    expect(ranges.filter((range) => /^(workspace|catalog|link|file):/.test(range))).toEqual([])
  },
)
