import { readFileSync } from 'node:fs'
import { stop } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { bundle, measurePage, measureSizes, reportPath, toReport } from '../src/sizes.ts'

// esbuild's service shares this process's standard error. vitest waits for that to close when it ends a worker, and gives
// up waiting (`Timeout terminating forks worker`) if the service is slow to notice that it is no longer needed.
afterAll(() => stop())

test('docs/sizes.md has the size of every entry point of core; `npx pnpm@12 sizes` updates it', async () => {
  const report = toReport(await measureSizes(), await measurePage())
  console.log(report)
  expect(readFileSync(reportPath, 'utf8')).toBe(report)
})

test('importing the receiver loads neither the signer, nor jose, nor the emulator', async () => {
  const { inputs } = await bundle('@gwh/core')
  expect(inputs).toContainEqual(expect.stringMatching(/core\/dist\//))
  expect(inputs.filter((input) => /\/jose\/|\/sign\.|emulator|testing/.test(input))).toEqual([])
})

test('only the parts of jose that a remote key set and a token need are ever loaded', async () => {
  const { inputs } = await bundle('@gwh/core/verify')
  expect(inputs.filter((input) => /zod|jose/.test(input))).toEqual([])
})
