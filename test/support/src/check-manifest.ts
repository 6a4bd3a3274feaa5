import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const MAX_LINES = 60
const CODE = /\.tsx?$/

/** Registers the tests that a sample app is ready to copy: its size, its imports, its README. */
export function checkManifest(folder: URL): void {
  const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')
  const names = readdirSync(new URL('src', folder), { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => CODE.test(name)).map((name) => read(`src/${name}`))
  const source = files.join('')
  const { name, dependencies } = JSON.parse(read('package.json'))

  test(`it has at most ${MAX_LINES} lines of code`, () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES)
  })

  test('it imports only its own files and packages that it declares', () => {
    const imported = [...source.matchAll(/\bfrom '([^']+)'/g)].map(([, specifier]) => specifier!)
    const foreign = imported.filter((specifier) => !/^\.\.?\/|^node:/.test(specifier))
    const packages = foreign.map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0])
    expect(packages.filter((one) => !(one in dependencies))).toEqual([])
    expect(packages.length).toBeGreaterThan(0)
  })

  test('its README has the command that starts it, and every variable it reads', () => {
    const readme = read('README.md')
    const variables = [...source.matchAll(/(?:process\.env\.|Deno\.env\.get\(')(\w+)/g)].map(
      ([, variable]) => variable!,
    )
    expect(readme).toContain(`npx pnpm@12 --filter ${name} start`)
    expect(variables.filter((variable) => !readme.includes(`\`${variable}\``))).toEqual([])
    expect(variables).toContain('GEMINI_WEBHOOK_SECRET')
  })
}
