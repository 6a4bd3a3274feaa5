// Turns changesets into versions and changelogs, and updates the manifests for JSR, which changesets does not know.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

const { status } = spawnSync('changeset', ['version'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

for (const name of readdirSync('packages')) {
  const path = `packages/${name}/jsr.json`
  if (!existsSync(path)) continue
  const { version } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  const text = readFileSync(path, 'utf8')
  // All packages share one version, so their dependencies on each other have it too.
  const ranges = text.replaceAll(/(jsr:@gwh\/[a-z-]+)@\^[^/"]+/g, `$1@^${version}`)
  writeFileSync(path, ranges.replace(/"version": "[^"]*"/, `"version": "${version}"`))
}
