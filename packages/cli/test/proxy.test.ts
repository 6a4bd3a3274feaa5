import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { emptyFolder, gwh, start } from './support.ts'

/** A proxy that refuses everything, and the environment that makes Node use it. */
async function startProxy() {
  const asked: string[] = []
  const proxy = createServer(({ url }, response) => {
    asked.push(url!)
    response.writeHead(502).end()
  })
  proxy.on('connect', ({ url }, socket) => {
    asked.push(url!)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  onTestFinished(() => void proxy.close().closeAllConnections())
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return { asked, env: { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, http_proxy: url } }
}

test.each([{}, { NO_PROXY: 'other.example' }, { no_proxy: 'other.example', NO_PROXY: 'ignored.example' }])(
  'what stays on this machine goes through no proxy: %j',
  async (exceptions) => {
    const { asked, env } = await startProxy()
    const cwd = emptyFolder()
    const program = `
      await fetch(process.env.GOOGLE_GEMINI_BASE_URL + '/v1/webhooks', { headers: { 'x-goog-api-key': 'any' } })
      console.log('asked')
      setInterval(() => {}, 1e6)`
    const command = ['--', process.execPath, '--input-type=module', '-e', program]
    const forward = 'http://127.0.0.1:1/'
    const dev = start(cwd, ['dev', '--port', '0', '--forward', forward, ...command], {
      ...env,
      ...exceptions,
    })
    await dev.saw(/^asked/m)
    const sent = await gwh(cwd, ['trigger', 'batch.succeeded'], { ...env, ...exceptions })
    expect(sent).toMatchObject({ code: 0, stderr: '' })
    await dev.saw(/<-- \[/)
    const { port } = new URL(JSON.parse(readFileSync(join(cwd, '.gwh/dev.json'), 'utf8')).url)
    for (const host of ['localhost', '[::1]']) {
      await gwh(cwd, ['page', '--url', `http://${host}:${port}`], { ...env, ...exceptions })
    }
    const doctor = ['doctor', `http://127.0.0.1:${port}/`, '--timeout', '1']
    await gwh(cwd, doctor, { ...env, ...exceptions, GWH_JWKS_URL: `http://127.0.0.1:${port}/keys` })
    expect(asked).toEqual([])
  },
)

test('what leaves this machine goes through the proxy', async () => {
  const { asked, env } = await startProxy()
  const url = 'http://receiver.example/'
  await gwh(emptyFolder(), ['doctor', url, '--timeout', '1'], { ...env, GWH_JWKS_URL: url })
  expect(asked).toContain('receiver.example:80')
})
