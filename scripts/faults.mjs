// `npm run faults`: sets up, then breaks receivers, stores and queues on purpose and counts the damage.

import { pnpm, setup } from './setup.mjs'
import { ensureSystem } from './system.mjs'

await setup()
ensureSystem(['redis-server', 'strace'])
process.exitCode = await pnpm([
  '--filter',
  '@gwh-test/faults',
  '--silent',
  'run',
  'start',
  ...process.argv.slice(2),
])
