import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, inject, test } from 'vitest'
import { git, pnpm } from '../src/release.ts'

const copy = inject('copy')

beforeAll(() => git(copy, 'branch', '--force', 'before'))

afterEach(() => git(copy, 'reset', '--quiet', '--hard', 'before'))

/** The output of the check on everything committed since. */
async function check(message: string) {
  await git(copy, 'add', '--all')
  await git(copy, 'commit', '--quiet', '--message', message)
  return pnpm(copy, ['changeset:check', 'before'], { mayFail: true })
}

const changeSource = () => appendFileSync(join(copy, 'packages/core/src/index.ts'), '\n// changed\n')

test('a change to a package without a changeset fails with a message that says what to run', async () => {
  changeSource()
  const { code, stderr } = await check('no changeset')
  expect(code).not.toBe(0)
  expect(stderr).toContain('Run `npx pnpm@12 changeset`')
})

test('with a changeset it passes', async () => {
  changeSource()
  writeFileSync(join(copy, '.changeset/brave-fox.md'), "---\n'@gwh/core': patch\n---\n\nBetter.\n")
  const { code, stderr } = await check('a changeset')
  expect(code).toBe(0)
  expect(stderr).not.toContain('changeset`')
})

test('a change to tests or documentation needs none', async () => {
  appendFileSync(join(copy, 'packages/core/test/public-surface.test.ts'), '\n// changed\n')
  appendFileSync(join(copy, 'docs/architecture.md'), '\nchanged\n')
  expect((await check('tests')).code).toBe(0)
})
