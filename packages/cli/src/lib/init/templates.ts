import { QUEUE_FILE } from '../project/queue-file.ts'

/** The frameworks that a receiver can be written for. */
export const FRAMEWORKS = ['node', 'express', 'fastify', 'hono', 'next', 'bun', 'deno'] as const

/** One of them. */
export type Framework = (typeof FRAMEWORKS)[number]

/** Which webhooks a receiver is for: those of a project, or those that each job names in its `webhook_config`. */
export type WebhookKind = 'static' | 'dynamic'

/** A receiver for one framework. */
export interface Template {
  /** What it imports and a project may not have. */
  readonly packages: readonly string[]
  /** Writes the text of the file, which is valid JavaScript and TypeScript. */
  readonly code: (kind: WebhookKind) => string
  /** Starts it; the name of the file follows. */
  readonly run: string
}

/** What differs between the kinds. */
interface Verification {
  readonly comment: string
  /** The option of `createReceiver`. */
  readonly option: string
  /** What it needs of `@gwh/core`. */
  readonly imports: readonly string[]
}

const VERIFICATION: Readonly<Record<WebhookKind, Verification>> = {
  static: {
    comment: '// The signing secret is shown once, when the webhook is made. `gwh dev` sets one of its own.',
    option: "static: { secrets: process.env.GEMINI_WEBHOOK_SECRET ?? '' }",
    imports: [],
  },
  dynamic: {
    comment: `// Start each job with \`await createWebhookConfig({ uris, jobKey })\` of @gwh/genai as its webhook config, and this key:
// events of other jobs are refused. \`gwh dev\` sets a key and a JWKS URL of its own.`,
    option:
      "dynamic: { jobKey: process.env.GWH_JOB_KEY ?? '', jwks: process.env.GWH_JWKS_URL ?? GOOGLE_JWKS_URL }",
    imports: ['GOOGLE_JWKS_URL'],
  },
}

const receiver = (kind: WebhookKind) => `${VERIFICATION[kind].comment}
const receiver = createReceiver({
  ${VERIFICATION[kind].option},
  queue: createSqliteQueue({ path: '${QUEUE_FILE}' }), // on disk before the answer, handled after it
  observer: createLogObserver(),
})
receiver.on('batch.succeeded', async (event, { key }) => {
  // Fetch the result here; \`key\` is the same on every attempt.
  console.log('batch done:', event.id, key)
})`

const importCore = (kind: WebhookKind) =>
  `import { ${['createLogObserver', 'createReceiver', ...VERIFICATION[kind].imports].join(', ')} } from '@gwh/core'`

const imports = (kind: WebhookKind, ...lines: string[]) =>
  [importCore(kind), ...lines, "import { createSqliteQueue } from '@gwh/store-sqlite'"]
    .sort((one, other) => sourceOf(one).localeCompare(sourceOf(other)))
    .join('\n')

const sourceOf = (line: string) => line.slice(line.indexOf("'"))

const PORT = 'const port = Number(process.env.PORT ?? 3000)'
const STOP =
  "for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close(() => receiver.close()))"

const withServe = (adapter: string) => (kind: WebhookKind) =>
  `${imports(kind, `import { serve } from '${adapter}'`)}

${receiver(kind)}
${PORT}
await serve(receiver, { port, path: '/webhooks/gemini', work: true })
`

const express = (
  kind: WebhookKind,
) => `${imports(kind, "import { createNodeHandler } from '@gwh/node'", "import express from 'express'")}

${receiver(kind)}
receiver.work()

${PORT}
const app = express()
app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' })) // above every parser
app.use(express.json())
const server = app.listen(port)
${STOP}
`

const fastify = (
  kind: WebhookKind,
) => `${imports(kind, "import { gwhFastify } from '@gwh/node/fastify'", "import fastify from 'fastify'")}

${receiver(kind)}
receiver.work()

${PORT}
const app = fastify()
await app.register(gwhFastify, { receiver, path: '/webhooks/gemini' })
await app.listen({ port })
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => app.close())
`

const hono = (
  kind: WebhookKind,
) => `${imports(kind, "import { serve } from '@hono/node-server'", "import { Hono } from 'hono'")}

${receiver(kind)}
receiver.work()

${PORT}
const app = new Hono()
app.all('/webhooks/gemini', (context) => receiver.fetch(context.req.raw))
const server = serve({ fetch: app.fetch, port })
${STOP}
`

const next = (kind: WebhookKind) => `${importCore(kind)}
import { createRouteHandler } from '@gwh/next'

// A function, called at the first request: \`next build\` loads this module, and has no secret.
${VERIFICATION[kind].comment}
export const { POST } = createRouteHandler(() =>
  createReceiver({
    ${VERIFICATION[kind].option},
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
  express: { packages: [...PACKAGES, '@gwh/node', 'express'], code: express, run: NODE },
  fastify: { packages: [...PACKAGES, '@gwh/node', 'fastify'], code: fastify, run: NODE },
  hono: { packages: [...PACKAGES, 'hono', '@hono/node-server'], code: hono, run: NODE },
  next: { packages: ['@gwh/core', '@gwh/next'], code: next, run: 'npx next dev' },
  bun: { packages: [...PACKAGES, '@gwh/bun'], code: withServe('@gwh/bun'), run: 'bun run' },
  deno: {
    packages: [...PACKAGES, '@gwh/deno'],
    code: withServe('@gwh/deno'),
    run: 'deno run -A --env-file=.env',
  },
}
