// `npm run bench`: measures everything, prints the tables, and writes docs/performance.md with a chart for each. A run with
// fewer rounds (`--quick`) or of one chapter (`--only <word>`) only prints: the page comes from one whole run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRedisServer } from '@gwh/testing/redis'
import { makeBody } from '../deliveries.ts'
import { pinToCores } from '../http/server.ts'
import { type Chapter, chaptersOf } from './chapters.ts'
import { describeRun, introduce } from './introduction.ts'
import { readArguments } from './read-arguments.ts'
import { writeReport } from './write.ts'

const options = readArguments(process.argv.slice(2))
const startedAt = performance.now()
const rounds = options.quick ? 5 : 15
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const redis = await startRedisServer('--appendonly', 'yes')
const around = { folder, redisUrl: redis.url }
if (!pinToCores()) console.log('The processes are not pinned to cores here, so the figures are less steady.')

// Before the measurements, because it may fail.
const introduction = introduce()
const chapters: Chapter[] = []
for (const { title, measure } of chaptersOf({ around, rounds, quick: options.quick, body: makeBody(300) })) {
  if (options.only !== undefined && options.only !== title) continue
  console.log(`\n${title}`)
  const sections = await measure()
  chapters.push({ title, measured: describeRun(rounds), sections })
}
await redis.stop()
rmSync(folder, { recursive: true })

const isWhole = options.only === undefined && !options.quick
if (isWhole) writeReport(fileURLToPath(new URL('../../../docs', import.meta.url)), introduction, chapters)
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
console.log(`\n${minutes} minutes; ${isWhole ? 'written to docs/performance.md' : 'nothing was written'}`)
process.exit()
