// Fails when a change to a published package has no changeset, and says what to run. The argument is the revision to
// compare with. Default: `origin/main`.
import { spawnSync } from 'node:child_process'

const [base = 'origin/main'] = process.argv.slice(2)
const { status } = spawnSync('changeset', ['status', `--since=${base}`], { stdio: 'inherit' })
if (status !== 0) {
  console.error(`
This change touches a published package and has no changeset, so users would not learn about it.
Run \`npx pnpm@12 changeset\`, say what changes for whom, and commit the file it writes.
If no user can notice the change, run \`npx pnpm@12 changeset --empty\` instead.`)
  process.exitCode = 1
}
