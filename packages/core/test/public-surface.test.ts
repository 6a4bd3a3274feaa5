import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }

const ROOT = new URL('../', import.meta.url)
const SOURCES = readdirSync(new URL('src/', ROOT)).filter((name) => name.endsWith('.ts'))
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

/** Every module as its importers see it: adding a name is a decision, and so is removing one. */
const SURFACE: Record<string, { load: () => Promise<object>; names: string[] }> = {
  '@gwh/core': {
    load: () => import('@gwh/core'),
    names: [
      'EVENT_TYPES',
      'GOOGLE_JWKS_URL',
      'PermanentError',
      'WebhookConfigError',
      'WebhookError',
      'WebhookPayloadError',
      'WebhookUnavailableError',
      'WebhookVerificationError',
      'answerFor',
      'createBodyCollector',
      'createLogObserver',
      'createMemoryQueue',
      'createMemoryStore',
      'createReceiver',
      'createVerifier',
      'isEvent',
      'parseEvent',
      'toRawBody',
      'verifyWebhook',
    ],
  },
  '@gwh/core/store': {
    load: () => import('@gwh/core/store'),
    names: ['LEDGER_SKEW_MS', 'SETTLED_LIFE_MS', 'createMemoryLedger', 'createMemoryStore'],
  },
  '@gwh/core/queue': {
    load: () => import('@gwh/core/queue'),
    names: [
      'CLOCK_SLACK_MS',
      'WorkerStopped',
      'checkListOptions',
      'checkPurgeOptions',
      'checkReplayTarget',
      'checkTarget',
      'createExclusiveRunner',
      'createInFlight',
      'createMemoryQueue',
      'createMemoryStorage',
      'createStoredQueue',
      'monotonicNow',
      'seeClock',
      'systemClock',
      'toDeadLetter',
      'toDeadLetterLimit',
      'toDrainLimit',
      'toRecord',
      'toWorkSettings',
      'tryDelivery',
    ],
  },
  '@gwh/core/options': {
    load: () => import('@gwh/core/options'),
    names: ['checkNames', 'retention', 'wholeNumber'],
  },
  '@gwh/core/sign': { load: () => import('@gwh/core/sign'), names: ['signDynamic', 'signStatic'] },
  '@gwh/core/events': {
    load: () => import('@gwh/core/events'),
    names: [
      'EVENT_TYPES',
      'anyDataSchema',
      'dataSchemas',
      'envelopeSchema',
      'isEvent',
      'parseEvent',
      'suggestEventType',
    ],
  },
  '@gwh/core/errors': {
    load: () => import('@gwh/core/errors'),
    names: [
      'ERROR_STATUS',
      'PermanentError',
      'WebhookConfigError',
      'WebhookError',
      'WebhookPayloadError',
      'WebhookUnavailableError',
      'WebhookVerificationError',
      'isInstance',
      'toCause',
    ],
  },
  '@gwh/core/jwks': {
    load: () => import('@gwh/core/jwks'),
    names: ['EMULATOR_KEY_PREFIX', 'GOOGLE_JWKS_URL', 'createFixedJwks', 'createJwks'],
  },
  '@gwh/core/job-token': {
    load: () => import('@gwh/core/job-token'),
    names: ['JOB_TOKEN_FIELD', 'createJobToken'],
  },
  '@gwh/core/explain': { load: () => import('@gwh/core/explain'), names: ['explainFailure'] },
  '@gwh/core/adapter': {
    load: () => import('@gwh/core/adapter'),
    names: [
      'answerNodeRequest',
      'checkMountOptions',
      'checkNames',
      'createDrainHandler',
      'createFetchHandler',
      'pathOf',
      'refuseNodeRequest',
      'responseFor',
      'serveOn',
    ],
  },
  '@gwh/core/verify': {
    load: () => import('@gwh/core/verify'),
    names: ['GOOGLE_JWKS_URL', 'WebhookError', 'WebhookVerificationError', 'createVerifier', 'verifyWebhook'],
  },
}

test.each(Object.entries(SURFACE))('%s exports exactly these names', async (_, { load, names }) => {
  expect(Object.keys(await load()).sort()).toEqual(names)
})

describe('package.json', () => {
  const { './package.json': own, ...entries } = packageJson.exports
  const nameOf = (entry: string) => (entry === '.' ? 'index' : entry.slice('./'.length))

  test('exports every file of src, and nothing else', () => {
    expect(own).toBe('./package.json')
    expect(
      Object.keys(entries)
        .map((entry) => `${nameOf(entry)}.ts`)
        .sort(),
    ).toEqual(SOURCES.sort())
    const specifiers = Object.keys(entries).map((entry) => entry.replace('.', '@gwh/core'))
    expect(specifiers.sort()).toEqual(Object.keys(SURFACE).sort())
  })

  test.each(Object.entries(entries))('%s leads to its source, its types and its build', (entry, targets) => {
    const name = nameOf(entry)
    expect(targets).toEqual({
      '@gwh/source': `./src/${name}.ts`,
      types: `./dist/${name}.d.ts`,
      default: `./dist/${name}.js`,
    })
    expect(Object.keys(targets)).toEqual(['@gwh/source', 'types', 'default'])
  })

  test('depends on zod and jose only', () => {
    expect(Object.keys(packageJson.dependencies).sort()).toEqual(['jose', 'zod'])
    expect(packageJson).not.toHaveProperty('peerDependencies')
  })
})

test.each(SOURCES)('src/%s re-exports from lib by name and does nothing else', (name) => {
  const statement = /^export (?:type )?\{[^{}]*\} from '\.\/lib\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.ts'$/gm
  const text = read(`src/${name}`)
  expect(text).toMatch(statement)
  // The comment that heads the file describes the module in the reference.
  expect(
    text
      .replace(/^\/\*\*.*?\*\/\n/s, '')
      .replaceAll(statement, '')
      .trim(),
  ).toBe('')
})

/** What a file imports, in every way it can; types count too. */
const importsOf = (text: string) =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => specifier!)

const PRIMITIVES = ['src/lib/crypto/node.ts', 'src/lib/crypto/webcrypto.ts']

function resolve(specifier: string, from: string): string[] {
  if (specifier === '#crypto') return PRIMITIVES
  if (!specifier.startsWith('.')) return []
  return [new URL(specifier, new URL(from, 'file:///')).pathname.slice(1)]
}

/** A file and everything it leads to. */
function reachableFrom(start: string): string[] {
  const found = new Set([start])
  for (const path of found) {
    for (const specifier of importsOf(read(path))) {
      for (const next of resolve(specifier, path)) found.add(next)
    }
  }
  return [...found]
}

describe('what a module imports, directly or not,', () => {
  test('is found, file by file', () => {
    const files = reachableFrom('src/index.ts')
    expect(files.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['src/lib/schemes/jwt-scheme.ts', ...PRIMITIVES]))
  })

  test.each(SOURCES.filter((name) => name !== 'sign.ts'))(
    'does not include the signer for src/%s: a receiver cannot sign',
    (name) => {
      expect(reachableFrom(`src/${name}`)).not.toContain('src/lib/schemes/sign.ts')
      expect(reachableFrom('src/sign.ts')).toContain('src/lib/schemes/sign.ts')
    },
  )

  test('is no runtime module outside the primitives', () => {
    const outside = reachableFrom('src/index.ts').filter((path) => !PRIMITIVES.includes(path))
    const foreign = outside.flatMap((path) => importsOf(read(path)).filter((one) => !one.startsWith('.')))
    expect([...new Set(foreign)].sort()).toEqual(['#crypto', 'jose/jws/compact/verify', 'jose/key/import'])
  })

  test('includes jose only for tokens, and what verifies them only dynamically', () => {
    const files = new Set(SOURCES.flatMap((name) => reachableFrom(`src/${name}`)))
    const mentioning = (pattern: RegExp) => [...files].filter((path) => pattern.test(read(path)))
    expect(mentioning(/'jose\b/)).toEqual(['src/lib/schemes/jwt-scheme.ts'])
    expect(mentioning(/\bimport\('.*\/jwt-scheme\.ts'\)/)).toEqual(['src/lib/schemes/dynamic-schemes.ts'])
    expect(mentioning(/^(?!import type|export type).*(?<!import\()'.*\/jwt-scheme\.ts'/m)).toEqual([])
  })

  test('includes zod for the schemas of src/events.ts only', () => {
    const users = SOURCES.filter((name) =>
      reachableFrom(`src/${name}`).some((path) => importsOf(read(path)).some((one) => one.startsWith('zod'))),
    )
    expect(users).toEqual(['events.ts'])
  })
})
