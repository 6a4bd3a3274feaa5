// functions-framework.ts
import { http } from '@google-cloud/functions-framework'
import { createNodeHandler } from '@gwh/node'
import { receiver } from './receiver.ts'

http('gemini', createNodeHandler(receiver)) // parses first, but keeps the bytes in req.rawBody
