import { defineConfig } from 'vitest/config'

// One file after the other: they share one registry and one machine.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'src/global-setup.ts',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    allowOnly: false,
  },
})
