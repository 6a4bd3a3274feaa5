import type { NodeRequestLike } from './node-types.ts'

/** How to recognise a framework's requests, and how to keep it from parsing webhook bodies. */
interface Advice {
  matches(request: object): boolean
  advice: string
}

const EXPRESS =
  "Express: write app.use(createNodeHandler(receiver, { path })) above app.use(express.json()), or parse this path with app.use(path, express.raw({ type: '*/*' })) above it"

const FASTIFY =
  "Fastify: await app.register(gwhFastify, { receiver, path }), with `import { gwhFastify } from '@gwh/node/fastify'`"

// The first match wins, because frameworks built on Express also look like Express.
const FRAMEWORKS: readonly Advice[] = [
  {
    matches: (request) => 'previewData' in request,
    advice: 'Next.js pages router: add to this file: export const config = { api: { bodyParser: false } }',
  },
  {
    matches: (request) => 'executionId' in request,
    advice:
      'Cloud Functions: pass on the request itself; its req.rawBody holds the bytes, and a copy or a middleware has lost them',
  },
  { matches: (request) => 'app' in request && 'baseUrl' in request, advice: EXPRESS },
  {
    matches: (request) => 'log' in request && 'id' in request,
    advice: FASTIFY,
  },
  {
    matches: (request) => 'originalUrl' in request,
    advice: 'Connect: write app.use(createNodeHandler(receiver, { path })) above app.use(bodyParser.json())',
  },
]

const ANYWHERE = `Mount the receiver before any body parser. ${EXPRESS}. ${FASTIFY}. Firebase, NestJS: keep the bytes in req.rawBody`

/** Advises how to pass on the raw body in the framework the request comes from. */
export function adviseRawBody(request: NodeRequestLike): string {
  return FRAMEWORKS.find(({ matches }) => matches(request))?.advice ?? ANYWHERE
}
