/**
 * A runner's `test` function, as a contract suite uses it: vitest, `node:test`, `bun:test` and `Deno.test` fit.
 *
 * A test passes when `run` resolves and fails when it rejects.
 */
export type RegisterTest = (title: string, run: () => Promise<void>) => unknown
