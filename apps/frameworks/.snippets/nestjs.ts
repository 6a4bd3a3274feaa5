// nestjs.ts: main.ts
import { createNodeHandler } from '@gwh/node'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.ts'
import { receiver } from './receiver.ts'

const app = await NestFactory.create(AppModule, { rawBody: true })
app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
await app.listen(3000)
