import { type AdapterException, NODE_HTTP_EXCEPTIONS } from '@gwh/testing'
import type { Runtime } from '@gwh-test/support/runtimes'
import { FUNCTIONS_FRAMEWORK } from './exceptions-functions-framework.ts'
import { NEXT, NEXT_APP_ROUTER } from './exceptions-next.ts'
import { WORKERD } from './exceptions-workerd.ts'
import type { Server } from './matrix.ts'
import { raw } from './raw-title.ts'

/** What an HTTP server does otherwise, and where. */
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
      'target after a segment taken back',
      'target after a segment taken back, encoded',
      'target after more taken back than there is',
    ]),
    instead: TAKEN,
    reason: 'what is routed by is a URL, and a URL has no dot segments: it is the same path',
  },
  {
    where: inFile('hono-fetch.ts', 'workerd-fetch.ts', 'fastify.ts', ...NEXT_FILES),
    cases: raw('refused', ['target with a fragment']),
    instead: TAKEN,
    reason: 'what is routed by there ends where a fragment begins: it is the same path',
  },
  {
    where: inFile('hono-fetch.ts', 'fastify.ts'),
    cases: raw('refused', ['target with a letter encoded']),
    instead: TAKEN,
    reason: 'Fastify and hono decode a path before they compare it: it is the same path',
  },
  {
    where: ({ file }, runtime) => file === 'fastify.ts' && runtime === 'Deno',
    cases: raw('accepted', ['target in the absolute form']),
    instead: LEFT,
    reason: 'Fastify routes by the target, and Deno leaves it absolute; only proxies are sent such targets',
  },
  // Deno's node:http reads with llhttp too.
  ...NODE_HTTP_EXCEPTIONS.map((exception) => ({ ...exception, where: nodeOrDeno })),
  {
    where: anyBun,
    cases: raw('refused', ['two Hosts', 'two Hosts that are the same']),
    instead: TAKEN,
    reason: 'Bun keeps one of several Hosts; nothing of ours is decided by Host',
  },
  {
    where: (server, runtime) => nodeOfBun(server, runtime) || on('Deno.serve')(server),
    cases: raw('refused', ['Transfer-Encoding "deflate, chunked"']),
    instead: TAKEN,
    reason:
      'they undo the chunks and leave the other coding to the application; the signature covers what is left',
  },
  {
    where: nodeOfBun,
    cases: raw('refused', ['Transfer-Encoding "identity, chunked"']),
    instead: TAKEN,
    reason: 'identity changes no byte; RFC 2616 had it, RFC 9112 has not',
  },
  {
    where: (server, runtime) => anyBun(server, runtime) || on('Deno.serve')(server),
    cases: raw('refused', ['two Content-Lengths that are the same']),
    instead: TAKEN,
    reason: 'RFC 9112, 6.3, lets a server take them for one',
  },
  {
    where: (server) => on('Bun.serve')(server) || on('Deno.serve')(server),
    cases: raw('refused', ['a Content-Length in a trailer']),
    instead: TAKEN,
    reason: 'they drop trailers without reading them',
  },
  {
    where: on('Deno.serve'),
    cases: ['a body in chunks without end is cut off'],
    instead: 'bytes of an endless body were taken',
    reason:
      'Deno reads on behind the 413 until the sender stops, although the body is cancelled and the answer says close',
  },
  {
    where: on('Bun.serve'),
    cases: raw('refused', [
      'chunks whose last one is not ended',
      'chunks whose last one is not ended, and no more to come',
      'a trailer with NUL',
      'a trailer without a colon',
      'a trailer of 100 kB',
    ]),
    instead: TAKEN,
    reason: 'Bun hands a body on as soon as it has read the last chunk, and does not look at what follows',
  },
  {
    where: on('Bun.serve'),
    cases: raw('refused', ["byte 0x7F in a header's value", 'target in the absolute form without a host']),
    instead: TAKEN,
    reason: 'Bun lets DEL pass in values, and takes the host from Host',
  },
  {
    where: on('Bun.serve'),
    cases: raw('accepted', ['an empty line in front of the request']),
    instead: LEFT,
    reason: 'Bun wants the request line first; only old browsers sent an empty line',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', [
      'LF alone after every line',
      'LF alone after one header',
      'LF alone before the body',
    ]),
    instead: TAKEN,
    reason: 'hyper takes LF for a line end, as RFC 9112, 2.2, allows',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['a header of 20 kB', '20 kB in 20 headers', 'a name of 20 kB']),
    instead: TAKEN,
    reason: 'hyper takes heads of about 400 kB; those of 1 MB are refused',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['no Host', 'a chunk size with a space in front']),
    instead: TAKEN,
    reason: 'hyper leaves Host to the application, where nothing is decided by it, and skips the space',
  },
  {
    where: on('Deno.serve'),
    cases: raw('accepted', ['an unexpected upgrade']),
    instead: LEFT,
    reason: 'Deno gives up on a request whose upgrade is not accepted; senders of webhooks do not upgrade',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['an HTTP/2 preface']),
    instead: 'found ["answered 0","accepted"]',
    reason: 'Deno speaks HTTP/2 on the same port, and says so in frames',
  },
  {
    where: on('Deno.serve'),
    cases: raw('refused', ['PRI * HTTP/2.0, which starts HTTP/2']),
    instead: 'found ["silent","accepted"]',
    reason: 'Deno speaks HTTP/2 on the same port, and waits for the frames to come',
  },
  {
    where: (server, runtime) => on('node:http')(server) && runtime === 'Deno',
    cases: raw('accepted', ['spaces and tabs around the values']),
    instead: LEFT,
    reason: 'llhttp in Deno refuses a Content-Length with a tab behind it; Node takes the tab off',
  },
  {
    where: (server, runtime) => on('node:http')(server) && runtime === 'Deno',
    cases: raw('refused', ['a chunk extension of 100 kB']),
    instead: TAKEN,
    reason: 'llhttp in Deno has no limit for chunk extensions; Node gave it one',
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
