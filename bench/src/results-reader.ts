// Reads the batch result at the URL given, and prints the resident memory of each step in bytes as JSON: the runtime alone,
// with the SDK, with our packages, and at most while it reads.
const bare = process.memoryUsage.rss()
const { GoogleGenAI } = await import('@google/genai')
const withSdk = process.memoryUsage.rss()
const { parseEvent } = await import('@gwh/core')
const { batchResults } = await import('@gwh/genai')
const before = process.memoryUsage.rss()

const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: process.argv.at(-1)! } })
const event = parseEvent('{"type":"batch.succeeded","data":{"id":"x","output_file_uri":"files/batch-x"}}')
let highest = before
let rows = 0
const startedAt = performance.now()
for await (const row of batchResults(client, event)) {
  if (row.error) throw new Error(row.error.message)
  if (rows++ % 1_000 === 0) highest = Math.max(highest, process.memoryUsage.rss())
}
const seconds = (performance.now() - startedAt) / 1_000
console.log(JSON.stringify({ bare, withSdk, before, highest, rows, seconds }))

export {}
