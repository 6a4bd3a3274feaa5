// Serves Bull Board for the queue `gwh`, as an operator would beside the receivers, and prints where.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'

const [url = ''] = process.argv.slice(2)
const serverAdapter = new ExpressAdapter()
const queue = new Queue('gwh', { connection: new Redis(url) })
createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter })
const server = createServer(serverAdapter.getRouter()).listen(0, '127.0.0.1')
await once(server, 'listening')
writeSync(1, `http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
