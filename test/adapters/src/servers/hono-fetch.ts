import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

const app = new Hono().all(PATH, ({ req }) => receiver.fetch(req.raw))
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening(port))
