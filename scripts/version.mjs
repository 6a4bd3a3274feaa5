// Turns changesets into versions and changelogs, and tells the manifests for JSR, which changesets does not know.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

const { status } = spawnSync('changeset', ['version'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

for (const name of readdirSync('packages')) {
  const path = `packages/${name}/jsr.json`
  if (!existsSync(path)) continue
  const { version } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'))
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/"version": "[^"]*"/, `"version": "${version}"`))
}
