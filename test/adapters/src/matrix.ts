import type { Runtime } from '@gwh-test/support/runtimes'
import { buildNextApp } from './next.ts'

/** One adapter on an HTTP server it supports. */
export interface Server {
  /** Its name in the table. */
  name: string
  /** Its file in `servers/`, which prints where it listens and serves until its standard input ends. */
  file: string
  /** Runs once before the file is started. Default: nothing. */
  prepare?: () => Promise<void>
  /** The runtimes that run the file. */
  on: readonly Runtime[]
  /** The HTTP implementation below the adapter. */
  http: 'node:http' | 'Bun.serve' | 'Deno.serve' | 'workerd'
  /** What routing uses: the target as sent, or the normalised URL made from it. */
  routes: 'target' | 'url'
  /**
   * Runtimes on which this row examines the whole raw-request corpus for its HTTP stack, in `npm test` already. Elsewhere
   * the same bytes reach the same parser, and only routing can differ. Default: none.
   */
  corpusOn?: readonly Runtime[]
  /** Rules that the server itself keeps, whatever the receiver answers. */
  keptBelow?: readonly string[]
}

const EVERYWHERE = ['Node 22', 'Node 24', 'Bun', 'Deno'] as const
const NODE = ['Node 22', 'Node 24'] as const

/** To add an adapter: one file in `servers/`, one row here. */
export const SERVERS: readonly Server[] = [
  {
    name: 'createNodeHandler',
    file: 'node-handler.ts',
    on: EVERYWHERE,
    http: 'node:http',
    routes: 'target',
    corpusOn: EVERYWHERE,
  },
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
    corpusOn: ['Node 24'],
  },
  {
    name: 'Next.js, app router',
    file: 'next-app-router.ts',
    prepare: buildNextApp,
    on: ['Node 24'],
    http: 'node:http',
    routes: 'url',
    corpusOn: ['Node 24'],
    keptBelow: ['GET is not allowed'],
  },
  {
    name: 'Next.js, pages router',
    file: 'next-pages-router.ts',
    prepare: buildNextApp,
    on: ['Node 24'],
    http: 'node:http',
    routes: 'url',
    corpusOn: ['Node 24'],
  },
  {
    name: 'createBunHandler',
    file: 'bun-handler.ts',
    on: ['Bun'],
    http: 'Bun.serve',
    routes: 'target',
    corpusOn: ['Bun'],
  },
  { name: 'serve (@gwh/bun)', file: 'bun-serve.ts', on: ['Bun'], http: 'Bun.serve', routes: 'url' },
  {
    name: 'createDenoHandler',
    file: 'deno-handler.ts',
    on: ['Deno'],
    http: 'Deno.serve',
    routes: 'target',
    corpusOn: ['Deno'],
  },
  { name: 'serve (@gwh/deno)', file: 'deno-serve.ts', on: ['Deno'], http: 'Deno.serve', routes: 'target' },
  { name: 'deno serve', file: 'deno-command.ts', on: ['Deno'], http: 'Deno.serve', routes: 'target' },
  {
    name: 'fetch, workerd',
    file: 'workerd-fetch.ts',
    on: ['Node 24'],
    http: 'workerd',
    routes: 'url',
    corpusOn: ['Node 24'],
  },
]
