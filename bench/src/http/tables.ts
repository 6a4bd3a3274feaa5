import type { ServerSpec } from './server.ts'

/** One server of a table. */
export interface Contender extends ServerSpec {
  name: string
  /** The contender it is compared with. Default: the first of the table. */
  to?: string
  /** The ratio it should reach, in words. */
  target?: string
}

/** Servers that are compared with each other. */
export interface Table {
  id: string
  title: string
  /** What is compared, in a sentence or two. */
  text: string
  contenders: readonly Contender[]
  /** Also measures how long each answer takes and how long the event loop stalls. */
  latency?: true
}

const BARE = 'node:http, by hand'
const bare: Contender = { name: BARE, module: 'node', start: 'byHand' }

/** The tables of servers over HTTP. In those without a store, nothing but memory is used. */
export const TABLES: readonly Table[] = [
  {
    id: 'http-node',
    title: 'Node: inline in memory, and on frameworks',
    text: 'Handlers run before the answer, and ids are kept in memory.',
    contenders: [
      bare,
      { name: '@gwh/node, queue that stores nothing', module: 'node', start: 'emptyQueue' },
      { name: '@gwh/node, inline', module: 'node', start: 'inline', target: '≥ 0.85' },
      { name: 'Express by hand, same work', module: 'framework', start: 'expressByHand' },
      {
        name: '@gwh/node on Express',
        module: 'framework',
        start: 'onExpress',
        to: 'Express by hand, same work',
        target: '≥ 1.3',
      },
      {
        name: "Express, Google's sample (less work)",
        module: 'framework',
        start: 'googleSample',
        to: 'Express by hand, same work',
      },
      { name: 'Fastify by hand, same work', module: 'framework', start: 'fastifyByHand' },
      {
        name: '@gwh/node on Fastify',
        module: 'framework',
        start: 'onFastify',
        to: 'Fastify by hand, same work',
        target: '≥ 1.3',
      },
      { name: 'Hono by hand, same work', module: 'framework', start: 'honoByHand' },
      {
        name: '@gwh/core on Hono',
        module: 'framework',
        start: 'onHono',
        to: 'Hono by hand, same work',
        target: '≥ 1.3',
      },
    ],
  },
  {
    id: 'http-runtimes',
    title: 'Bun and Deno: inline in memory',
    text: 'The same on the servers of these runtimes.',
    contenders: [
      { name: 'Bun.serve by hand', module: 'bun', start: 'byHand', runtime: 'Bun' },
      { name: '@gwh/bun', module: 'bun', start: 'ours', runtime: 'Bun', target: '≥ 0.85' },
      {
        name: 'Deno.serve by hand',
        module: 'deno',
        start: 'byHand',
        runtime: 'Deno',
        to: 'Deno.serve by hand',
      },
      {
        name: '@gwh/deno',
        module: 'deno',
        start: 'ours',
        runtime: 'Deno',
        to: 'Deno.serve by hand',
        target: '≥ 0.85',
      },
    ],
  },
  {
    id: 'http-stores',
    title: 'Stored before the answer: SQLite, Redis, BullMQ',
    text: 'SQLite waits for the disk before the answer; Redis appends to its file every second. The bare server stores nothing. No worker runs: queues are measured until the answer.',
    latency: true,
    contenders: [
      bare,
      { name: '@gwh/node + SQLite queue', module: 'store', start: 'sqliteQueue', target: '≥ 0.9' },
      { name: 'SQLite by hand, one transaction each', module: 'store', start: 'sqliteOneEach' },
      { name: '@gwh/node + Redis store, inline', module: 'store', start: 'redisStore', target: '≥ 0.6' },
      { name: 'Express + SET NX + BullMQ by hand', module: 'store', start: 'bullmqByHand' },
      {
        name: '@gwh/node + BullMQ queue',
        module: 'store',
        start: 'bullmqQueue',
        to: 'Express + SET NX + BullMQ by hand',
        target: '≥ 2',
      },
    ],
  },
]
