import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { RUNTIMES, type Runtime } from '@gwh-test/support/runtimes'

/** When and how a chapter was measured. */
export function describeRun(rounds: number): string {
  const time = new Date().toISOString().slice(0, 16).replace('T', ' ')
  return toRunText(time, rounds, loadavg()[1]!)
}

/** @param load How many processes wanted to run, on average over five minutes */
export function toRunText(time: string, rounds: number, load: number): string {
  const busy = load > cpus().length ? ', **more than the machine has cores: other work was going on**' : ''
  return `Measured until ${time} UTC, in ${rounds} rounds. In the last five minutes of it, ${load.toFixed(1)} processes wanted to run on average${busy}.`
}

/** What stands above the tables. */
export function introduce(): string {
  const [{ model = 'unknown' } = {}] = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `# Performance

Written by one run of \`npm run bench\`. Every table compares contenders that took turns on one machine; only the ratios compare
with other machines. What it means for you: a whole delivery takes well under a millisecond of one core, so at ten deliveries per
second none of this is felt; a cold start is.

- **Machine**: ${cpus().length} cores (${model.trim()}), ${memory} GB, ${process.platform} ${process.arch}; Node ${process.versions.node},
  Bun ${versionOf('Bun')}, Deno ${versionOf('Deno')}; Redis ${redisVersion()}, SQLite ${process.versions.sqlite}${fileSystem()}.
- **Compared**: ${COMPARED.map((name) => `${name} ${peerVersion(name)}`).join(', ')}.
- **Noise**: CPU time of the process, not wall time, and the **least** of all rounds, because other load only adds. The median
  shows how much it added.
- **Servers** are pinned to one core, with the load on another. 64 connections send deliveries of 300 B, signed beforehand and
  each with an id of its own. Redis is a process of its own, whose CPU time does not count. Before it is measured, a server
  takes 30,000 deliveries: until V8 has compiled everything, each takes up to twice as long.
- **Ratio**: how many deliveries a contender takes in the CPU time in which the one it is compared with takes one. More
  is better.
- **By hand** is careful code on \`node:crypto\`, with a cached key and a constant-time comparison, that verifies and parses
  and nothing else. With **same work** it also looks for duplicates in a \`Map\` and checks the event with a zod schema.
- **Steadiness**: the same contender in two tables, a few minutes apart, shows how far a figure can be off; differences of a few
  percent mean nothing. In tables of growth, processes share the cores of the machine with the server they write to.
- **Target** is what we want to reach. Where a ratio is below, these say where the time goes: [handling inline](decisions/027-inline-path.md),
  [SQLite](decisions/030-sqlite-queue-cost.md), [Redis and BullMQ](decisions/031-one-script-for-a-turn.md), [imports and
  sizes](decisions/026-what-core-loads.md).
`
}

const COMPARED = [
  'standardwebhooks',
  'svix',
  '@octokit/webhooks-methods',
  'stripe',
  'openai',
  'express',
  'fastify',
  'hono',
  'bullmq',
  'ioredis',
] as const

function peerVersion(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

function redisVersion(): string {
  const text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' })
  return /v=([\d.]+)/.exec(text)?.[1] ?? 'unknown'
}

/** The file system on which SQLite waits for the disk. */
function fileSystem(): string {
  if (process.platform !== 'linux') return ''
  return ` on ${execFileSync('stat', ['-f', '-c', '%T', tmpdir()], { encoding: 'utf8' }).trim()}`
}

function versionOf(runtime: Runtime): string {
  const text = execFileSync(RUNTIMES[runtime][0], ['--version'], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown'
}
