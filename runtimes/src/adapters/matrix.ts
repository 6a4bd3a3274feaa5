import type { Runtime } from '../runtimes.ts'

/** One adapter on the HTTP server it is made for. */
export interface Server {
  /** As the table shows it. */
  name: string
  /** In `servers/`: says where it listens, and serves until it is ended. */
  file: string
  /** What runs the file. */
  on: readonly Runtime[]
  /** Whose HTTP is below the adapter. */
  http: 'node:http' | 'Bun.serve' | 'Deno.serve' | 'workerd'
  /** What is routed by: the target as it was sent, or the URL of a `Request`, which is a tidied one. */
  routes: 'target' | 'url'
}

const EVERYWHERE = ['Node 22', 'Node 24', 'Bun', 'Deno'] as const
const NODE = ['Node 22', 'Node 24'] as const

/** To add an adapter: one file in `servers/`, one row here. */
export const SERVERS: readonly Server[] = [
  { name: 'createNodeHandler', file: 'node-handler.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  { name: 'serve (@gwh/node)', file: 'node-serve.ts', on: EVERYWHERE, http: 'node:http', routes: 'target' },
  { name: 'fetch, hono', file: 'hono-fetch.ts', on: NODE, http: 'node:http', routes: 'url' },
  { name: 'fetch, Bun.serve', file: 'bun-fetch.ts', on: ['Bun'], http: 'Bun.serve', routes: 'url' },
  { name: 'fetch, Deno.serve', file: 'deno-fetch.ts', on: ['Deno'], http: 'Deno.serve', routes: 'url' },
  { name: 'fetch, workerd', file: 'workerd-fetch.ts', on: ['Node 24'], http: 'workerd', routes: 'url' },
]
