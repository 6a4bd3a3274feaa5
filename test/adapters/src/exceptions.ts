import { type AdapterException, NODE_HTTP_EXCEPTIONS } from '@gwh/testing'
import type { Runtime } from '@gwh-test/support/runtimes'
import { FUNCTIONS_FRAMEWORK } from './exceptions-functions-framework.ts'
import { NEXT, NEXT_APP_ROUTER } from './exceptions-next.ts'
import { WORKERD } from './exceptions-workerd.ts'
import type { Server } from './matrix.ts'
import { raw } from './raw-title.ts'

/** What an HTTP server does differently, and where. */
export interface RuntimeException extends AdapterException {
  where(server: Server, runtime: Runtime): boolean
}

const TAKEN = 'found ["accepted","duplicate"]'
const LEFT = 'found ["refused","accepted"]'

const nodeOrDeno = ({ http }: Server, runtime: Runtime) => http === 'node:http' && runtime !== 'Bun'
const nodeOfBun = ({ http }: Server, runtime: Runtime) => http === 'node:http' && runtime === 'Bun'
const anyBun = ({ http }: Server, runtime: Runtime) => http !== 'workerd' && runtime === 'Bun'
const on =
  (name: Server['http']) =>
  ({ http }: Server) =>
    http === name
const inFile =
  (...files: string[]) =>
  ({ file }: Server) =>
    files.includes(file)
const NEXT_FILES = ['next-app-router.ts', 'next-pages-router.ts']

export const EXCEPTIONS: readonly RuntimeException[] = [
  {
    where: ({ routes }) => routes === 'url',
    cases: raw('refused', [
      'target after /./',
      'target after /%2e/',
      'target after a parent segment',
      'target after an encoded parent segment',
      'target after parent segments above the root',
    ]),
    instead: TAKEN,
    reason: 'routing uses a URL, and a URL has no dot segments: it is the same path',
  },
  {
    where: inFile('hono-fetch.ts', 'workerd-fetch.ts', 'fastify.ts', ...NEXT_FILES),
    cases: raw('refused', ['target with a fragment']),
    instead: TAKEN,
    reason: 'routing uses the target up to its fragment: it is the same path',
  },
  {
    where: inFile('hono-fetch.ts', 'fastify.ts'),
    cases: raw('refused', ['target with an encoded letter']),
    instead: TAKEN,
    reason: 'Fastify and hono decode a path before they compare it: it is the same path',
  },
  {
    where: ({ http }, runtime) => http === 'node:http' && runtime === 'Node 22',
    cases: raw('accepted', ['spaces and tabs around the values']),
    instead: LEFT,
    reason:
      'llhttp 9.2, in Node 22.13, refuses a content-length with a tab behind it; no sender is known to send one',
  },
  {
    where: ({ file }, runtime) => file === 'fastify.ts' && runtime === 'Deno',
    cases: raw('accepted', ['target in the absolute form']),
    instead: LEFT,
    reason: 'Fastify routes by the target, and Deno leaves it absolute; only proxies get such targets',
  },
  // Deno's node:http uses llhttp too.
  ...NODE_HTTP_EXCEPTIONS.map((exception) => ({ ...exception, where: nodeOrDeno })),
  {
    where: anyBun,
    cases: raw('refused', ['two Hosts', 'two identical Hosts']),
    instead: TAKEN,
    reason: 'Bun keeps one of several Hosts; the receiver does not use Host',
  },
  {
    where: (server, runtime) => nodeOfBun(server, runtime) || on('Deno.serve')(server),
    cases: raw('refused', ['Transfer-Encoding "deflate, chunked"']),
    instead: TAKEN,
    reason:
      'they decode the chunks and leave the other coding to the application; the signature covers the result',
  },
  {
    where: nodeOfBun,
    cases: raw('refused', ['Transfer-Encoding "identity, chunked"']),
    instead: TAKEN,
    reason: 'identity changes no byte; RFC 2616 has it, RFC 9112 does not',
  },
  {
    where: (server, runtime) => anyBun(server, runtime) || on('Deno.serve')(server),
    cases: raw('refused', ['two identical Content-Lengths']),
    instead: TAKEN,
    reason: 'RFC 9112, 6.3, lets a server treat them as one',
  },
  {
    where: (server) => on('Bun.serve')(server) || on('Deno.serve')(server),
    cases: raw('refused', ['a Content-Length in a trailer']),
    instead: TAKEN,
    reason: 'they drop trailers without reading them',
  },
  {
    where: on('Deno.serve'),
    cases: ['an endless chunked body is cut off'],
    instead: 'bytes of an endless body were accepted',
    reason:
      'Deno reads on after the 413 until the sender stops, although the body is cancelled and the answer says close',
  },
  {
    where: on('Bun.serve'),
    cases: raw('refused', [
      'chunks whose last chunk is not terminated',
      'chunks whose last chunk is not terminated, then the end of the stream',
      'a trailer with NUL',
      'a trailer without a colon',
      'a trailer of 100 kB',
    ]),
    instead: TAKEN,
    reason: 'Bun passes a body on as soon as it has read the last chunk, and ignores what follows',
  },
  {
    where: on('Bun.serve'),
    cases: raw('refused', ["byte 0x7F in a header's value", 'target in the absolute form without a host']),
    instead: TAKEN,
    reason: 'Bun accepts DEL in values, and takes the host from Host',
  },
  {
    where: on('Bun.serve'),
    cases: raw('accepted', ['an empty line before the request']),
    instead: LEFT,
    reason: 'Bun requires the request line first; only old browsers send an empty line',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', [
      'bare LF after every line',
      'bare LF after one header',
      'bare LF before the body',
    ]),
    instead: TAKEN,
    reason: 'hyper accepts LF as a line end, as RFC 9112, 2.2, allows',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['a header of 20 kB', '20 kB in 20 headers', 'a name of 20 kB']),
    instead: TAKEN,
    reason: 'hyper accepts headers of about 400 kB in total; 1 MB is refused',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['no Host', 'a chunk size with a leading space']),
    instead: TAKEN,
    reason: 'hyper leaves Host to the application, which does not use it, and skips the space',
  },
  {
    where: on('Deno.serve'),
    cases: raw('accepted', ['an unexpected upgrade']),
    instead: LEFT,
    reason: 'Deno drops a request whose upgrade is not accepted; webhook senders do not upgrade',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['an HTTP/2 preface']),
    instead: 'found ["answered 0","accepted"]',
    reason: 'Deno speaks HTTP/2 on the same port, and answers with its frames',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['PRI * HTTP/2.0, which starts HTTP/2']),
    instead: 'found ["silent","accepted"]',
    reason: 'Deno speaks HTTP/2 on the same port, and waits for frames',
  },
  {
    where: (server, runtime) => on('node:http')(server) && runtime === 'Deno',
    cases: raw('accepted', ['spaces and tabs around the values']),
    instead: LEFT,
    reason: 'llhttp in Deno refuses a Content-Length with a trailing tab; Node strips the tab',
  },
  {
    where: (server, runtime) => on('node:http')(server) && runtime === 'Deno',
    cases: raw('refused', ['a chunk extension of 100 kB']),
    instead: TAKEN,
    reason: 'llhttp in Deno has no limit for chunk extensions; Node adds one',
  },
  ...FUNCTIONS_FRAMEWORK.map((exception) => ({ ...exception, where: inFile('functions-framework.ts') })),
  ...NEXT.map((exception) => ({ ...exception, where: inFile(...NEXT_FILES) })),
  ...NEXT_APP_ROUTER.map((exception) => ({ ...exception, where: inFile('next-app-router.ts') })),
  ...WORKERD.map((exception) => ({ ...exception, where: on('workerd') })),
]

export function exceptionsFor(server: Server, runtime: Runtime): AdapterException[] {
  return EXCEPTIONS.filter(({ where }) => where(server, runtime)).map(({ cases, instead, reason }) => ({
    cases,
    instead,
    reason,
  }))
}
