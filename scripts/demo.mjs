// `npm run demo`: sets up, then runs the demo on the toolchain's Node.
import { pnpm, setup } from './setup.mjs'

await setup()
process.exitCode = await pnpm([
  '--filter',
  '@gwh-apps/demo',
  '--silent',
  'run',
  'start',
  ...process.argv.slice(2),
])
