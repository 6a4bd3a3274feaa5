import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

test('the package runs on the edge: it imports no runtime, no SDK, and of ours only @gwh/core', () => {
  expect(files.length).toBeGreaterThan(20)
  const foreign = files.flatMap((file) => {
    const code = readFileSync(src + file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
    return [...code.matchAll(/(?:from|import\() ?'([^'.][^']*)'/g)]
      .map(([, name]) => name!)
      .filter((name) => !/^@gwh\/core(?:\/|$)/.test(name))
      .map((name) => `${file}: ${name}`)
  })
  expect(foreign).toEqual([])
})
