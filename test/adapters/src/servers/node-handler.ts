import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNodeHandler } from '@gwh/node'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

const server = createServer(createNodeHandler(receiver, { path: PATH }))
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port))
