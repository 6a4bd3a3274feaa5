import { QUEUE_FILE } from '../project/queue-file.ts'

/** The frameworks that a receiver can be written for. */
export const FRAMEWORKS = ['node', 'express', 'fastify', 'hono', 'next', 'bun', 'deno'] as const

/** One of them. */
export type Framework = (typeof FRAMEWORKS)[number]

/** A receiver for one framework. */
export interface Template {
  /** What it imports and a project may not have. */
  readonly packages: readonly string[]
  /** The text of the file, which is valid JavaScript and TypeScript. */
  readonly code: string
  /** Starts it; the name of the file follows. */
  readonly run: string
}

const RECEIVER = `// The signing secret is shown once, when the webhook is made. \`gwh dev\` sets one of its own.
const receiver = createReceiver({
  static: { secrets: process.env.GEMINI_WEBHOOK_SECRET ?? '' },
  queue: createSqliteQueue({ path: '${QUEUE_FILE}' }), // on disk before the answer, handled after it
  observer: createLogObserver(),
})
receiver.on('batch.succeeded', async (event, { key }) => {
  // Fetch the result here; \`key\` is the same on every attempt.
  console.log('batch done:', event.id, key)
})`

const imports = (...lines: string[]) =>
  [
    "import { createLogObserver, createReceiver } from '@gwh/core'",
    ...lines,
    "import { createSqliteQueue } from '@gwh/store-sqlite'",
  ]
    .sort((one, other) => sourceOf(one).localeCompare(sourceOf(other)))
    .join('\n')

const sourceOf = (line: string) => line.slice(line.indexOf("'"))

const PORT = 'const port = Number(process.env.PORT ?? 3000)'
const STOP =
  "for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close(() => receiver.close()))"

function withServe(adapter: string): string {
  return `${imports(`import { serve } from '${adapter}'`)}

${RECEIVER}
${PORT}
await serve(receiver, { port, path: '/webhooks/gemini', work: true })
`
}

const EXPRESS = `${imports("import { createNodeHandler } from '@gwh/node'", "import express from 'express'")}

${RECEIVER}
receiver.work()

${PORT}
const app = express()
app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' })) // above every parser
app.use(express.json())
const server = app.listen(port)
${STOP}
`

const FASTIFY = `${imports("import { gwhFastify } from '@gwh/node/fastify'", "import fastify from 'fastify'")}

${RECEIVER}
receiver.work()

${PORT}
const app = fastify()
await app.register(gwhFastify, { receiver, path: '/webhooks/gemini' })
await app.listen({ port })
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => app.close())
`

const HONO = `${imports("import { serve } from '@hono/node-server'", "import { Hono } from 'hono'")}

${RECEIVER}
receiver.work()

${PORT}
const app = new Hono()
app.all('/webhooks/gemini', (context) => receiver.fetch(context.req.raw))
const server = serve({ fetch: app.fetch, port })
${STOP}
`

const NEXT = `import { createLogObserver, createReceiver } from '@gwh/core'
import { createRouteHandler } from '@gwh/next'

// A function, called at the first request: \`next build\` loads this module, and has no secret.
export const { POST } = createRouteHandler(() =>
  createReceiver({
    static: { secrets: process.env.GEMINI_WEBHOOK_SECRET ?? '' },
    observer: createLogObserver(),
  }).on('batch.succeeded', async (event, { key }) => {
    // Fetch the result here; \`key\` is the same on every attempt. The answer waits for this.
    console.log('batch done:', event.id, key)
  }),
)
`

const NODE = 'node --env-file-if-exists=.env'
const PACKAGES = ['@gwh/core', '@gwh/store-sqlite']

/** The receiver of each framework. */
export const TEMPLATES: Readonly<Record<Framework, Template>> = {
  node: { packages: [...PACKAGES, '@gwh/node'], code: withServe('@gwh/node'), run: NODE },
  express: { packages: [...PACKAGES, '@gwh/node', 'express'], code: EXPRESS, run: NODE },
  fastify: { packages: [...PACKAGES, '@gwh/node', 'fastify'], code: FASTIFY, run: NODE },
  hono: { packages: [...PACKAGES, 'hono', '@hono/node-server'], code: HONO, run: NODE },
  next: { packages: ['@gwh/core', '@gwh/next'], code: NEXT, run: 'npx next dev' },
  bun: { packages: [...PACKAGES, '@gwh/bun'], code: withServe('@gwh/bun'), run: 'bun run' },
  deno: {
    packages: [...PACKAGES, '@gwh/deno'],
    code: withServe('@gwh/deno'),
    run: 'deno run -A --env-file=.env',
  },
}
