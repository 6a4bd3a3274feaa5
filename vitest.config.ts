import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

// Tests run from source: the `@gwh/source` condition of every package points at its TypeScript.
// `import` is not among them: they are Node's too, for packages that require one another.
const conditions = ['@gwh/source', 'node', 'default']

/** A part of the tests, which `--project <name>` selects. */
function project(name: string, test: { include: string[]; exclude?: string[]; isolate?: boolean }) {
  const exclude = [...configDefaults.exclude, ...(test.exclude ?? [])]
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, testTimeout: 30_000, hookTimeout: 30_000, allowOnly: false, ...test, exclude },
  }
}

// These start no processes and share no state, so they need no process per file, which costs four times the time.
const PURE = ['packages/{core,emulator}/{src,test}/**/*.test.ts', 'test/architecture/**/*.test.ts']
// These judge how soon Redis answers, so they run after the others, on no more workers than there are cores.
const REDIS = ['packages/{bullmq,store-redis}/{src,test}/**/*.test.ts', 'test/signals/**/*.test.ts']
const DEMO = 'apps/demo/test/demo.test.ts'
// These start `gwh` dozens of times, or receivers of seven frameworks, or wait for a client's time limits.
const LONG = [
  'packages/cli/test/{init,docs,conformance,doctor,hostile,completion}.test.ts',
  'packages/cli/test/{rotate,rotated-dev,proxy,webhooks-mistakes}.test.ts',
  'packages/genai/test/client-timeout.test.ts',
]

export default defineConfig({
  test: {
    // Many tests wait for child processes and servers, so there are more workers than cores.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      project('pure', { include: PURE, isolate: false }),
      project('unit', {
        include: [
          'packages/*/{src,test}/**/*.test.ts',
          'test/{emulator,snippets}/**/*.test.ts',
          'test/packaging/smoke/*.test.ts',
          DEMO,
        ],
        exclude: [...PURE, ...REDIS, ...LONG],
      }),
      project('redis', { include: REDIS }),
      // The sample apps, started from `dist` by their start scripts, the page in a browser, and the longest tests: part of
      // `test:all`.
      project('apps', {
        include: ['apps/*/test/**/*.test.ts', 'test/inspector/test/**/*.test.ts', ...LONG],
        exclude: [DEMO],
      }),
    ],
  },
})
