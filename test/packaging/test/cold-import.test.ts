import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadedBy } from '../src/loaded.ts'
import { root } from '../src/release.ts'

// Time would depend on the machine. What Node loads decides it: about 0.5 ms a file, and the rest by size. The whole of
// `zod/mini`, which core does without, is the measure.
const zod = await loadedBy('zod/mini', join(root, 'packages/core'))

test.each([
  ['@gwh/core', 'packages/core', { files: 10, ofZod: 0.22 }],
  ['@gwh/core/verify', 'packages/core', { files: 4, ofZod: 0.06 }],
  ['@gwh/core/queue', 'packages/core', { files: 4, ofZod: 0.07 }],
  ['@gwh/node', 'packages/node', { files: 5, ofZod: 0.07 }],
  ['@gwh/store-sqlite', 'packages/store-sqlite', { files: 9, ofZod: 0.18 }],
])('importing %s loads few and small files', async (specifier, folder, { files, ofZod }) => {
  const loaded = await loadedBy(specifier, join(root, folder))
  expect(loaded.files.length, loaded.files.join('\n')).toBeLessThanOrEqual(files)
  expect(loaded.bytes / zod.bytes).toBeLessThan(ofZod)
  expect(loaded.files.filter((file) => /\/(?:zod|jose)\//.test(file))).toEqual([])
  // These take Node longer than everything else together; whoever needs them has loaded them, or loads them on demand.
  const slow = ['node:http', 'node:https', 'node:net', 'node:sqlite']
  expect(loaded.builtins.filter((name) => slow.includes(name))).toEqual([])
})
