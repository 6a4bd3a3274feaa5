// How much memory a batch result of 1 GB takes while it is read: the rows are streamed from a real server, with the real
// SDK, and the resident memory is sampled meanwhile.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { GoogleGenAI } from '@google/genai'
import { parseEvent } from '@gwh/core'
import { batchResults } from '@gwh/genai'

const SIZE_BYTES = 1024 ** 3
const ROW = Buffer.from(`${JSON.stringify({ key: 'a row', response: { text: 'x'.repeat(4000) } })}\n`)
const ROWS = Math.ceil(SIZE_BYTES / ROW.length)
const BLOCK_ROWS = 16
// The server runs in a process of its own, so that its buffers do not count.
if (process.argv[2] === 'serve') serveFile()
else await read(await startServer())
function serveFile() {
  const server = createServer(async (_, response) => {
    const block = Buffer.concat(Array.from({ length: BLOCK_ROWS }, () => ROW))
    for (let left = ROWS; left > 0; left -= BLOCK_ROWS) {
      const part = left >= BLOCK_ROWS ? block : block.subarray(0, left * ROW.length)
      if (!response.write(part)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
}
async function startServer() {
  const child = spawn(process.execPath, ['--no-warnings', process.argv[1], 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = await once(createInterface({ input: child.stdout }), 'line')
  return { url, end: () => child.kill() }
}
async function read({ url: baseUrl, end }) {
  const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
  const event = parseEvent('{"type":"batch.succeeded","data":{"id":"x","output_file_uri":"files/batch-x"}}')
  const before = process.memoryUsage().rss
  let highest = before
  let rows = 0
  const startedAt = performance.now()
  for await (const row of batchResults(client, event)) {
    if (row.error) throw new Error(row.error.message)
    if (rows++ % 1000 === 0) highest = Math.max(highest, process.memoryUsage().rss)
  }
  const seconds = (performance.now() - startedAt) / 1000
  console.log(
    `${rows} rows, ${toMb(rows * ROW.length)} MB in ${seconds.toFixed(1)} s: ` +
      `${toMb(before)} MB resident before, at most ${toMb(highest)} MB meanwhile (+${toMb(highest - before)} MB)`,
  )
  end()
}
function toMb(bytes) {
  return (bytes / 1024 ** 2).toFixed(0)
}
