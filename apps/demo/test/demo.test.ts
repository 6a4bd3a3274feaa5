import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = new URL('../src/main.ts', import.meta.url).pathname

test('the demo handles every event exactly once, through a lost answer, and exits 0', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--once'])
  expect(stdout).toContain('HMAC v1, key whsec_...')
  expect(stdout).toContain('Ed25519 v1a, key gwh-emulator')
  expect(stdout).toContain('result: Echo: Tell a short joke.')
  expect(stdout).toContain('result: Echo: Name a planet. · Echo: Name a moon. · Echo: Name a star.')
  expect(stdout).toMatch(/result: a video of \d{3,} bytes/)
  expect(stdout).toContain('known already')
  expect(stdout).toContain('✓ 4 effects of 4 jobs, 5 delivery attempts, nothing polled')
  const times = stdout.match(/^ *\d+\.\d\d(?= s {2})/gm)!.map(Number)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('an option that the demo does not have is refused, with those that it has', async () => {
  const script = new URL('../../../scripts/demo.mjs', import.meta.url).pathname
  const run = promisify(execFile)(process.execPath, [script, '--onec'])
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: 'The demo has no option --onec.\n',
    stdout: expect.stringContaining('--once'),
  })
})
