import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../src/lib/dev/program.ts'
import { emptyFolder, GWH, gwh, start } from './support.ts'

test('a program is not started after an interruption', async () => {
  const cwd = emptyFolder()
  const program = ['sh', '-c', `touch ${cwd}/started; sleep 5`]
  expect(await runProgram(program, process.env, AbortSignal.abort())).toBe(130)
  expect(existsSync(join(cwd, 'started'))).toBe(false)
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a program gets %s once, and a second one ends it',
  async (name) => {
    const program = `process.on('${name}', () => console.log('asked')); setInterval(() => {}, 1e6); console.log('ready')`
    const dev = start(emptyFolder(), ['dev', '--port', '0', '--', process.execPath, '-e', program])
    await dev.saw(/ready/)
    dev.kill(name)
    await dev.saw(/asked/)
    dev.kill(name)
    expect((await dev.finished).code).toBe(137)
    expect(dev.text().match(/asked/g)).toHaveLength(1)
    expect(dev.text()).not.toContain('your program ended')
  },
)

/** Writes a line when it is asked to end, where a test can read it after its streams are gone. */
const STAYING = `
  const { writeFileSync } = require('node:fs')
  process.stdout.on('error', () => {})
  process.on('SIGHUP', () => {})
  process.on('SIGTERM', () => { writeFileSync('ended', 'SIGTERM'); process.exit() })
  setInterval(() => console.log('more'), 10)
  console.log('ready')`

test('the program ends with dev when the terminal hangs up', async () => {
  const cwd = emptyFolder()
  const dev = start(cwd, ['dev', '--port', '0', '--', process.execPath, '-e', STAYING])
  await dev.saw(/ready/)
  dev.kill('SIGHUP')
  await dev.finished
  expect(readFileSync(join(cwd, 'ended'), 'utf8')).toBe('SIGTERM')
})

test('the program ends with dev when nobody reads its output any more', async () => {
  const cwd = emptyFolder()
  const dev = start(cwd, ['dev', '--port', '0', '--json', '--', process.execPath, '-e', STAYING])
  await dev.saw(/ready/)
  dev.closeOutput()
  // Makes dev itself write.
  await gwh(cwd, ['trigger', 'batch.succeeded'])
  expect((await dev.finished).code).toBe(0)
  expect(readFileSync(join(cwd, 'ended'), 'utf8')).toBe('SIGTERM')
})

test.each([
  ['>/dev/full', 1],
  ['| true', 0],
])('a result that cannot be written: %s', (redirection, code) => {
  const script = `{ "$0" --conditions=@gwh/source "$@"; echo $? >&2; } ${redirection}`
  const { stderr } = spawnSync('sh', ['-c', script, process.execPath, GWH, 'completion', 'bash'], {
    cwd: emptyFolder(),
    encoding: 'utf8',
  })
  expect(stderr).toBe(`${code}\n`)
})

test('messages that nobody reads end dev as a signal does, and hide no failure', async () => {
  const cwd = emptyFolder()
  const command = `"$0" "$@" 2>&1 >out; echo $? >code`
  const program = [process.execPath, '-e', 'setInterval(() => {}, 1e6)']
  const args = ['--conditions=@gwh/source', GWH, 'dev', '--port', '0', '--', ...program]
  const script = `{ ${command}; } | true`
  spawnSync('sh', ['-c', script, process.execPath, ...args], { cwd, timeout: 20_000 })
  expect(readFileSync(join(cwd, 'code'), 'utf8')).toMatch(/^(130|143)$/m)
})

test.each([
  ['process.exit(3)', 3, /^your program ended \(exit code 3\)$/m],
  ["process.kill(process.pid, 'SIGKILL')", 137, /^your program ended \(SIGKILL\)$/m],
])('dev says how the program died: %s', async (program, code, line) => {
  const result = await gwh(emptyFolder(), ['dev', '--port', '0', '--', process.execPath, '-e', program])
  expect(result).toMatchObject({ code, stderr: expect.stringMatching(line) })
})

test('dev exits with the code of the program', async () => {
  const cwd = emptyFolder()
  expect((await gwh(cwd, ['dev', '--port', '0', '--', process.execPath, '-e', 'process.exit(7)'])).code).toBe(
    7,
  )
  const { code, stderr } = await gwh(cwd, ['dev', '--port', '0', '--', 'no-such-program'])
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining('no-such-program is not a command'),
  })
})
