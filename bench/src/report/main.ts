// `npm run bench`: measures everything, prints the tables, and writes docs/performance.md with a chart for each. `--quick`
// takes fewer rounds. `--only <word>` measures only chapters whose title contains the word, and keeps the others.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startRedisServer } from '@gwh/testing/redis'
import { makeBody } from '../deliveries.ts'
import { pinToCores } from '../http/server.ts'
import { chaptersOf } from './chapters.ts'
import { describeRun, introduce } from './introduction.ts'
import { keepResults, type Result, readResults } from './results.ts'
import { writeReport } from './write.ts'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const docs = fileURLToPath(new URL('../../../docs', import.meta.url))
const charts = join(docs, 'performance')
const startedAt = performance.now()
const rounds = options.quick ? 5 : 15
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const redis = await startRedisServer('--appendonly', 'yes')
const around = { folder, redisUrl: redis.url }
if (!pinToCores()) console.log('The processes are not pinned to cores here, so the figures are less steady.')

const results: Result[] = []
const earlier = readResults(charts)
// Written after every chapter, so that a run that is cut short keeps what it has measured.
for (const { title, measure } of chaptersOf({ around, rounds, quick: options.quick, body: makeBody(300) })) {
  const known = earlier.find((result) => result.title === title)
  if (!title.toLowerCase().includes(options.only.toLowerCase())) {
    if (known) results.push(known)
    continue
  }
  console.log(`\n${title}`)
  const sections = await measure()
  const kept = sections.map(({ chart: _, ...section }) => section)
  results.push({ title, measured: describeRun(rounds), sections: kept })
  const left = earlier.filter((result) => results.every((done) => done.title !== result.title))
  keepResults(charts, [...results, ...left], sections)
}
writeReport(docs, introduce(), readResults(charts))
await redis.stop()
rmSync(folder, { recursive: true })
console.log(
  `\n${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes; written to docs/performance.md`,
)
process.exit()
