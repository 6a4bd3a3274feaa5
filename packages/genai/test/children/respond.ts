// Answers the function call of an interaction, remembers it in a file, and prints the continuation or the code of the error.
import { readFileSync, writeFileSync } from 'node:fs'
import { GoogleGenAI } from '@google/genai'
import { parseEvent } from '@gwh/core'
import { fetchResult } from '@gwh/genai'

const [baseUrl = '', path = ''] = process.argv.slice(2)
const read = (): Record<string, string> => JSON.parse(readFileSync(path, 'utf8'))
const memory = {
  get: (key: string) => read()[key],
  set: (key: string, value: string) => writeFileSync(path, JSON.stringify({ ...read(), [key]: value })),
}
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
const event = parseEvent('{"type":"interaction.requires_action","data":{"id":"v1_one"}}')
const pending = await fetchResult(event, { client })
if (pending.kind !== 'requires_action') throw new TypeError('no calls')
const results = pending.calls.map(({ id }) => ({ id, result: 3 }))
const outcome = await pending.respond(results, {}, { memory }).then(
  ({ id }) => id,
  (error) => error.code,
)
console.log(outcome)
