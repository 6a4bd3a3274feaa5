// How much memory a batch result of 1 GB takes while it is read: the rows are streamed from a real server, with the real
// SDK, in a process of compiled code, and the resident memory is sampled meanwhile.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const SIZE_BYTES = 1024 ** 3
const ROW = Buffer.from(`${JSON.stringify({ key: 'a row', response: { text: 'x'.repeat(4_000) } })}\n`)
const ROWS = Math.ceil(SIZE_BYTES / ROW.length)
const BLOCK_ROWS = 16
const RUNS = [[], ['--max-semi-space-size=1']]

// The server runs in a process of its own, so that its buffers do not count.
if (process.argv[2] === 'serve') serveFile()
else await measure()

function serveFile(): void {
  const server = createServer(async (_, response) => {
    const block = Buffer.concat(Array.from({ length: BLOCK_ROWS }, () => ROW))
    for (let left = ROWS; left > 0; left -= BLOCK_ROWS) {
      const part = left >= BLOCK_ROWS ? block : block.subarray(0, left * ROW.length)
      if (!response.write(part)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  )
}

async function measure(): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', process.argv[1]!, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  for (const flags of RUNS) report(flags, await read(flags, url))
  child.kill()
}

interface Measured {
  bare: number
  withSdk: number
  before: number
  highest: number
  rows: number
  seconds: number
}

/** Types are removed here, because removing them in the process that is measured takes memory there. */
async function read(flags: readonly string[], url: string): Promise<Measured> {
  const types = readFileSync(new URL('results-reader.ts', import.meta.url), 'utf8')
  const code = stripTypeScriptTypes(types)
  const args = [...flags, '--input-type=module', '--eval', code, url]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  return JSON.parse(stdout)
}

function report(flags: readonly string[], measured: Measured): void {
  const { bare, withSdk, before, highest, rows, seconds } = measured
  console.log(
    [
      `node ${flags.join(' ')}`.trim(),
      `${rows} rows, ${toMb(rows * ROW.length)} MB in ${seconds.toFixed(1)} s`,
      `${toMb(bare)} MB resident at the start, ${toMb(withSdk)} with the SDK, ${toMb(before)} with @gwh/genai`,
      `at most ${toMb(highest)} MB while it reads (+${toMb(highest - before)} MB)`,
    ].join(': '),
  )
}

function toMb(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}
