import type { AddressInfo } from 'node:net'
import { createNodeHandler } from '@gwh/node'
import express from 'express'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

const app = express().use(createNodeHandler(receiver, { path: PATH }))
const server = app.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port))
