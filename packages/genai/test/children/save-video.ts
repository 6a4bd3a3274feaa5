// Saves a video of the given number of bytes to a path, and prints how that ended as JSON.
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import { parseEvent } from '@gwh/core'
import { fetchResult } from '@gwh/genai'

const [path = '', bytes = ''] = process.argv.slice(2)
let cancelled = false
// The end comes as a chunk of its own, so that the stream is open while the bytes are written.
const chunks = [new Uint8Array(Number(bytes)), new Uint8Array(0)]
const fetchFile = async () =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
    cancel: () => {
      cancelled = true
    },
  })
const event = parseEvent('{"type":"video.generated","data":{"id":"x","file_name":"files/v"}}')
const result = await fetchResult(event, { client: new GoogleGenAI({ apiKey: 'test' }), fetchFile })
if (result.kind !== 'video') throw new TypeError('no video')
const code = await result.saveTo(path).then(
  () => 'saved',
  (error) => error.code,
)
console.log(JSON.stringify({ code, cancelled, files: readdirSync(dirname(path)) }))
