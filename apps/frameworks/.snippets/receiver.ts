// receiver.ts
import { createReceiver } from '@gwh/core'

export const receiver = createReceiver({ static: { secrets: process.env.GEMINI_WEBHOOK_SECRET! } })
receiver.on('batch.succeeded', (event) => console.log(event.id, event.data.file))
