import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const packages = new URL('../../packages/', import.meta.url)
const files = ['node', 'bun', 'deno', 'next'].flatMap((name) =>
  readdirSync(new URL(`${name}/src/lib/`, packages)).map((file) => `${name}/src/lib/${file}`),
)
const codeOf = (file: string) =>
  readFileSync(new URL(file, packages), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

test.each(files)(
  '%s makes no protocol decision: it names no status, no header, and no package of its ring',
  (file) => {
    const code = codeOf(file)
    expect(code).not.toMatch(/\bstatus|headers\b|webhook-|content-|\bResponse\(|Response\.json/)
    const ours = [...code.matchAll(/from '(@gwh\/[^']+)'/g)].map(([, name]) => name!)
    expect(ours.filter((name) => !name.startsWith('@gwh/core'))).toEqual([])
    expect(code.split('\n').length).toBeLessThanOrEqual(120)
  },
)
