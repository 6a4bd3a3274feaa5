// express.ts
import { createNodeHandler } from '@gwh/node'
import express from 'express'
import { receiver } from './receiver.ts'

const app = express()
app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' })) // above every parser
app.use(express.json())
app.listen(3000)
