import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const main = new URL('../src/main.ts', import.meta.url).pathname

test('the demo handles every event exactly once, through a lost answer, and exits 0', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--once'])
  expect(stdout).toContain('HMAC v1, key whsec_...')
  expect(stdout).toContain('Ed25519 v1a, key gwh-emulator')
  expect(stdout).toContain('result: Echo: Tell a short joke.')
  expect(stdout).toContain('known already')
  expect(stdout).toContain('✓ 2 effects of 2 jobs, 3 delivery attempts, nothing polled')
})
