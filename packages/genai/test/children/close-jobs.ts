// Awaits, looks up and reads jobs of an API that never answers, and closes: prints what the waits end with.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GoogleGenAI } from '@google/genai'
import { createReceiver } from '@gwh/core'
import { createJobs } from '@gwh/genai'

const api = createServer()
await once(api.listen(0, '127.0.0.1'), 'listening')
// Only requests keep this process alive.
api.unref().on('connection', (socket) => socket.unref())
const baseUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
const receiver = createReceiver({ dynamic: { allowAnyJob: true }, observer: () => {} })
const jobs = createJobs({ client, receiver })
await jobs.track('batches/runs', { expectedMs: 3_600_000 })
await receiver.emit({ type: 'batch.succeeded', data: { id: 'batches/ended' } }, { id: 'one' })
const waits = ['batches/runs', 'batches/ended'].map((name) => jobs.done(name, { timeoutMs: 3_600_000 }))
const ends = Promise.allSettled([...waits, jobs.reconcile()])
// The look-up of the one, and the result of the other.
await once(api, 'request')
await once(api, 'request')
await receiver.close()
await jobs.close()
for (const end of await ends) console.log(end.status === 'rejected' ? end.reason.code : end.status)
