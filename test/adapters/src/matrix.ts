import type { Runtime } from '@gwh-test/support/runtimes'
import { buildNextApp } from './next.ts'

/** One adapter on the HTTP server it is made for. */
export interface Server {
  /** As the table shows it. */
  name: string
  /** In `servers/`: says where it listens, and serves until it is ended. */
  file: string
  /** What has to be done before the file can run. */
  prepare?: () => Promise<void>
  /** What runs the file. */
  on: readonly Runtime[]
  /** Whose HTTP is below the adapter. */
  http: 'node:http' | 'Bun.serve' | 'Deno.serve' | 'workerd'
  /** What is routed by: the target as it was sent, or the URL made of it, which is tidied. */
  routes: 'target' | 'url'
  /** Sentences that are kept without the receiver, whatever it says. */
  keptBelow?: readonly string[]
}

const EVERYWHERE = ['Node 22', 'Node 24', 'Bun', 'Deno'] as const
const NODE = ['Node 22', 'Node 24'] as const

/** To add an adapter: one file in `servers/`, one row here. */
export const SERVERS: readonly Server[] = [
  { name: 'createNodeHandler', file: 'node-handler.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  { name: 'serve (@gwh/node)', file: 'node-serve.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  { name: 'fetch, hono', file: 'hono-fetch.ts', on: NODE, http: 'node:http', routes: 'url' },
  { name: 'Express', file: 'express.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  { name: 'Fastify', file: 'fastify.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  {
    name: 'functions-framework',
    file: 'functions-framework.ts',
    on: NODE,
    http: 'node:http',
    routes: 'target',
  },
  {
    name: 'Next.js, app router',
    file: 'next-app-router.ts',
    prepare: buildNextApp,
    on: ['Node 24'],
    http: 'node:http',
    routes: 'url',
    keptBelow: ['GET is not allowed'],
  },
  {
    name: 'Next.js, pages router',
    file: 'next-pages-router.ts',
    prepare: buildNextApp,
    on: ['Node 24'],
    http: 'node:http',
    routes: 'url',
  },
  { name: 'createBunHandler', file: 'bun-handler.ts', on: ['Bun'], http: 'Bun.serve', routes: 'target' },
  { name: 'serve (@gwh/bun)', file: 'bun-serve.ts', on: ['Bun'], http: 'Bun.serve', routes: 'url' },
  { name: 'createDenoHandler', file: 'deno-handler.ts', on: ['Deno'], http: 'Deno.serve', routes: 'target' },
  { name: 'serve (@gwh/deno)', file: 'deno-serve.ts', on: ['Deno'], http: 'Deno.serve', routes: 'target' },
  { name: 'deno serve', file: 'deno-command.ts', on: ['Deno'], http: 'Deno.serve', routes: 'target' },
  { name: 'fetch, workerd', file: 'workerd-fetch.ts', on: ['Node 24'], http: 'workerd', routes: 'url' },
]
