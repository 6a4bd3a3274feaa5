// A batch over a file of 1 GB, driven by the unmodified SDK: how much memory the emulator takes for it at most.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { GoogleGenAI } from '@google/genai'

const GIGABYTES = Number(process.argv[2] ?? 1)
const LIMIT_MB = 150
const PROMPT = 'How much wood would a woodchuck chuck if a woodchuck could chuck wood? '.repeat(14)
/** The most memory the process has had so far, in megabytes (proc(5), `VmHWM`). */
function peakOf(pid) {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(kilobytes) / 1000)
}
function* lines(bytes) {
  for (let written = 0, index = 0; written < bytes; index += 1) {
    const line = `${JSON.stringify({ key: `request-${index}`, request: { contents: [{ parts: [{ text: PROMPT }] }] } })}\n`
    written += line.length
    yield line
  }
}
/** Counts the lines of a file that have a field. */
async function countLines(path, field) {
  let count = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (line.includes(`"${field}"`)) count += 1
  }
  return count
}
const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
// An emulator in a process of its own, so that its memory can be measured from outside. In JavaScript, because what
// strips types takes memory too.
const SERVER = `
  import { createEmulator } from '@gwh/emulator'
  const emulator = createEmulator()
  console.log((await emulator.listen({ port: 0 })).url)
  process.once('SIGTERM', () => void emulator.close())
`
const server = spawn(process.execPath, ['--input-type=module', '-e', SERVER], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  stdio: ['ignore', 'pipe', 'inherit'],
})
/** Runs one step and prints how long it took, and the emulator's peak memory since its start. */
async function step(name, work) {
  const start = performance.now()
  const result = await work()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${name.padEnd(44)} ${seconds.padStart(6)} s   peak ${peakOf(server.pid)} MB`)
  return result
}
try {
  const [greeting] = await once(server.stdout, 'data')
  const url = String(greeting).trim()
  const ai = new GoogleGenAI({ apiKey: 'bench', httpOptions: { baseUrl: url } })
  const input = join(folder, 'input.jsonl')
  const output = join(folder, 'output.jsonl')
  await step('before', async () => {})
  await step(`writing ${GIGABYTES} GB of JSONL`, () =>
    pipeline(lines(GIGABYTES * 1e9), createWriteStream(input, { highWaterMark: 2 ** 20 })),
  )
  const config = { mimeType: 'application/jsonl' }
  const file = await step('upload in chunks of 8 MiB, as the SDK does', () =>
    ai.files.upload({ file: input, config }),
  )
  const done = await step('batch', async () => {
    const { name } = await ai.batches.create({ model: 'gemini-3.8-flash', src: file.name })
    for (;;) {
      const batch = await ai.batches.get({ name: name })
      if (batch.endTime !== undefined) return batch
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  })
  if (done.state !== 'JOB_STATE_SUCCEEDED') throw new Error(`the batch ended as ${done.state}`)
  const peak = peakOf(server.pid)
  await step('download', () => ai.files.download({ file: done.dest.fileName, downloadPath: output }))
  await step('upload in one request', async () => {
    const start = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' }
    const headers = { 'x-goog-api-key': 'bench', ...start }
    const started = await fetch(`${url}/upload/v1/files`, { method: 'POST', headers, body: '{}' })
    const upload = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' }
    const target = started.headers.get('x-goog-upload-url')
    const init = { method: 'POST', headers: upload, body: createReadStream(input), duplex: 'half' }
    const done = await fetch(target, init)
    if (!done.ok) throw new Error(await done.text())
  })
  const [asked, answered] = [await countLines(input, 'request'), await countLines(output, 'response')]
  if (asked !== answered) throw new Error(`${answered} answers to ${asked} requests`)
  console.log(`${asked} requests, as many answers; ${peak} MB until then, of ${LIMIT_MB} MB allowed`)
  if (peak > LIMIT_MB) process.exitCode = 1
} finally {
  server.kill()
  rmSync(folder, { recursive: true })
}
