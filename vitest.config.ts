import { defineConfig } from 'vitest/config'

// Tests run from source: the `@gwh/source` condition of every package points at its TypeScript.
// `import` is not among them: they are Node's too, for packages that require one another.
const conditions = ['@gwh/source', 'node', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'test/{architecture,signals,snippets}/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    allowOnly: false,
  },
})
