import type { AddressInfo } from 'node:net'
import { http } from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { createNodeHandler } from '@gwh/node'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

http('gemini', createNodeHandler(receiver, { path: PATH }))
const server = getTestServer('gemini')
server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port))
