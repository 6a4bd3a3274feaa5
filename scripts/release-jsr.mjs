// Publishes to JSR every package that has a jsr.json. Versions that exist there are skipped.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const options = process.argv.slice(2)
for (const name of readdirSync('packages')) {
  const cwd = `packages/${name}`
  if (!existsSync(`${cwd}/jsr.json`)) continue
  const { status } = spawnSync('deno', ['publish', '--config', 'jsr.json', ...options], {
    cwd,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
