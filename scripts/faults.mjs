// `npm run faults`: sets up, then breaks receivers, stores and queues on purpose and counts what that cost.
import { ensureRedis } from './redis.mjs'
import { pnpm, setup } from './setup.mjs'

await setup()
ensureRedis()
process.exitCode = await pnpm([
  '--filter',
  '@gwh/faults',
  '--silent',
  'run',
  'start',
  ...process.argv.slice(2),
])
