import type { AddressInfo } from 'node:net'
import { gwhFastify } from '@gwh/node/fastify'
import fastify from 'fastify'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

const app = fastify()
await app.register(gwhFastify, { receiver, path: PATH })
await app.listen({ port: 0, host: '127.0.0.1' })
listening((app.server.address() as AddressInfo).port)
