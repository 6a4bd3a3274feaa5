// Tests run against real programs: `redis-server`, `strace` to watch what is written and synced, `chromium` to look at
// a page. Where one is missing and this machine lets us, it is installed; where not, the tests that need it fail and
// say so.
import { spawnSync } from 'node:child_process'

/** What `npm test` needs. */
export const NEEDED = ['redis-server', 'strace', 'chromium']
/** What `test:all` needs beside it: the shells that `gwh completion` writes scripts for. */
export const SHELLS = ['zsh', 'fish']

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** Installs Debian's packages of the programs that are missing, if we may. Default: all that `npm test` needs. */
export function ensureSystem(needed = NEEDED) {
  const missing = needed.filter((program) => !has(program))
  if (missing.length === 0) return
  if (!has('apt-get') || process.getuid?.() !== 0) {
    console.log(
      `Missing: ${missing.join(', ')}. The tests that need them will fail (Debian: apt-get install).`,
    )
    return
  }
  console.log(`Installing ${missing.join(', ')} …`)
  // `debconf` must not prompt, and no service may be started: the tests start their own servers.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    env,
    stdio: 'ignore',
  })
}
