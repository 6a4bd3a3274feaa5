// `npm run bench`: measures everything, prints the tables, and writes docs/performance.md with a chart for each. `--quick`
// takes a few minutes less, with fewer rounds; `--only <word>` takes only chapters whose title contains the word.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startRedisServer } from '@gwh/testing/redis'
import { makeBody } from '../deliveries.ts'
import type { Around } from '../http/around.ts'
import { pinToCores } from '../http/server.ts'
import { chaptersOf } from './chapters.ts'
import { introduce } from './introduction.ts'
import { type Chapter, writeReport } from './write.ts'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const startedAt = performance.now()
const rounds = options.quick ? 5 : 15
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const redis = await startRedisServer('--appendonly', 'yes')
const around: Around = { folder, redisUrl: redis.url }
const pinned = pinToCores()
if (!pinned) console.log('The processes are not pinned to cores here, so the figures are less steady.')

const chapters: Chapter[] = []
for (const { title, measure } of chaptersOf({ around, rounds, quick: options.quick, body: makeBody(300) })) {
  if (!title.toLowerCase().includes(options.only.toLowerCase())) continue
  console.log(`\n${title}`)
  chapters.push({ title, sections: await measure() })
}
await redis.stop()
rmSync(folder, { recursive: true })

const minutes = (performance.now() - startedAt) / 60_000
if (options.only)
  console.log(`\n${minutes.toFixed(1)} minutes; docs/performance.md is written by a whole run only.`)
else {
  const docs = fileURLToPath(new URL('../../../docs', import.meta.url))
  writeReport(docs, introduce({ rounds, minutes, pinned, quick: options.quick }), chapters)
  console.log(`\n${minutes.toFixed(1)} minutes; written to docs/performance.md`)
}
process.exit()
