// How many deliveries several processes store together, in one SQLite file or one Redis.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Around } from '../http/around.ts'
import type { Growth } from './growth.ts'

const ROUND_MS = 1_500

export async function growSqliteProcesses({ folder }: Around, rounds: number): Promise<Growth> {
  const path = join(folder, 'shared.db')
  return {
    id: 'growth-sqlite',
    title: 'Deliveries per second that processes enqueue together in one SQLite file',
    ...(await grow('sqlite', path, [1, 2, 3], rounds)),
  }
}

export async function growRedisProcesses({ redisUrl }: Around, rounds: number): Promise<Growth> {
  return {
    id: 'growth-redis',
    title: 'Deliveries per second that processes claim and complete together in one Redis',
    ...(await grow('redis', redisUrl, [1, 2, 3, 4], rounds)),
  }
}

async function grow(
  kind: string,
  where: string,
  counts: readonly number[],
  rounds: number,
): Promise<Omit<Growth, 'id' | 'title'>> {
  const values = counts.map(() => 0)
  for (let round = 0; round < rounds; round++) {
    for (const [index, count] of counts.entries()) {
      const rates = await Promise.all(Array.from({ length: count }, () => measure(kind, where)))
      const sum = rates.reduce((total, rate) => total + rate, 0)
      values[index] = Math.max(values[index]!, sum)
    }
  }
  const lines = [{ name: 'all processes together', values }]
  return { unit: 'per second', of: 'processes', at: counts.map(String), lines }
}

/** Deliveries per second of one process. */
async function measure(kind: string, where: string): Promise<number> {
  const path = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const child = spawn(process.execPath, [path, kind, where, String(ROUND_MS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return Number(line)
}
