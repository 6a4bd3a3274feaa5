import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { RUNTIMES, type Runtime } from '@gwh-test/support/runtimes'

/** What stands above the tables. */
export function introduce(run: { rounds: number; minutes: number; pinned: boolean; quick: boolean }): string {
  const { rounds, minutes, pinned, quick } = run
  const [{ model = 'unknown' } = {}] = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  const load = loadavg()[2]!.toFixed(1)
  const command = quick ? 'npm run bench -- --quick' : 'npm run bench'
  const busy =
    Number(load) > cpus().length
      ? '**more than it has cores, so other work was going on**'
      : 'not more than it has cores'
  const where = pinned ? 'pinned to one core, with the load on another' : 'not pinned to cores here'
  return `# Performance

Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, in ${minutes.toFixed(0)} minutes. It compares on one
machine and in one run; only the ratios compare with other machines.

- **Machine**: ${cpus().length} cores (${model.trim()}), ${memory} GB, ${process.platform} ${process.arch}; Node ${process.versions.node},
  Bun ${versionOf('Bun')}, Deno ${versionOf('Deno')}. In the last quarter of an hour ${load} processes wanted to run on average:
  ${busy}.
- **Noise**: CPU time of the process, not wall time. All contenders of a table take turns, ${rounds} rounds each, and the
  **least** round counts, because other load only adds. The median shows how much it added.
- **Servers** are ${where}. 64 connections send deliveries of 300 B, signed
  beforehand and each with an id of its own. Redis is a process of its own, whose CPU time does not count.
- **Ratio**: how many deliveries a contender takes in the CPU time in which the one it is compared with takes one. More
  is better.
- **By hand** is careful code on \`node:crypto\`, with a cached key and a constant-time comparison, that verifies and parses
  and nothing else. With **same work** it also looks for duplicates in a \`Map\` and checks the event with a zod schema.
- **Target** is what we want to reach. Where a ratio is below, [decision 027](decisions/027-inline-path.md) says where the
  time goes.
`
}

function versionOf(runtime: Runtime): string {
  const text = execFileSync(RUNTIMES[runtime][0], ['--version'], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown'
}
