// What a delivery costs a whole server over HTTP: requests per second of the server's own CPU time and their latency, for
// servers side by side. Takes the size of the body in bytes: `http 20000`.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRedisServer } from '@gwh/testing/redis'
import { makeBody } from '../deliveries.ts'
import { median } from '../harness.ts'
import { load, makeRequest } from './load.ts'
import { SERVERS } from './servers.ts'

const ROUNDS = 7
const PER_ROUND = 4_000
const CONNECTIONS = 64

const body = makeBody(Number(process.argv[2] ?? 300))
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const redis = await startRedisServer()

interface Contender {
  name: string
  child: ChildProcess
  port: number
  rates: number[]
  cpuRates: number[]
  p99s: number[]
}

async function start(name: string): Promise<Contender> {
  const path = fileURLToPath(new URL('./server-process.ts', import.meta.url))
  const child = fork(path, [name, folder, redis.url], { env: { ...process.env, NODE_ENV: 'production' } })
  child.on('exit', (code) => code && process.exit(code))
  const { port } = await answer<{ port: number }>(child)
  return { name, child, port, rates: [], cpuRates: [], p99s: [] }
}

/** The child's next message; a child that ends instead ends the run. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message')
  return message as T
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const answered = answer<{ cpu: number }>(child)
  child.send('cpu')
  return (await answered).cpu
}

async function round({ child, port, rates, cpuRates, p99s }: Contender): Promise<void> {
  const requests = Array.from({ length: PER_ROUND }, () => makeRequest(body))
  const [cpu, start] = [await cpuOf(child), performance.now()]
  const times = await load(port, requests, CONNECTIONS)
  rates.push((PER_ROUND / (performance.now() - start)) * 1000)
  cpuRates.push((PER_ROUND / ((await cpuOf(child)) - cpu)) * 1e6)
  p99s.push(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!)
}

const contenders: Contender[] = []
for (const name of Object.keys(SERVERS)) contenders.push(await start(name))
for (const contender of contenders) await round(contender)
for (const contender of contenders)
  contender.rates.length = contender.cpuRates.length = contender.p99s.length = 0
for (let index = 0; index < ROUNDS; index++) for (const contender of contenders) await round(contender)

const [base] = contenders
console.log(
  `\n${body.length} B, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds (ratios to the first)`,
)
for (const { name, child, rates, cpuRates, p99s } of contenders) {
  const [rate, cpuRate, p99] = [median(rates), median(cpuRates), median(p99s)]
  console.log(
    `  ${name.padEnd(48)} ${(cpuRate / 1000).toFixed(1).padStart(5)} k per CPU s × ${(cpuRate / median(base!.cpuRates)).toFixed(2)}` +
      `   ${(rate / 1000).toFixed(1).padStart(5)} k/s × ${(rate / median(base!.rates)).toFixed(2)}   p99 ${p99.toFixed(1)} ms`,
  )
  child.disconnect()
}
await redis.stop()
rmSync(folder, { recursive: true })
