// Tests of Redis run against a real `redis-server`. Where it is missing and this machine lets us, it is installed;
// where not, those tests fail and say so.
import { spawnSync } from 'node:child_process'

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** Installs Debian's redis-server if it is missing and we may. */
export function ensureRedis() {
  if (has('redis-server')) return
  if (!has('apt-get') || process.getuid?.() !== 0) {
    console.log(
      'redis-server is not installed: the tests that need it will fail (Debian: apt-get install redis-server)',
    )
    return
  }
  console.log('Installing redis-server …')
  // `debconf` must not ask, and nothing may be started: the tests start servers of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' })
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
    env,
    stdio: 'ignore',
  })
}
