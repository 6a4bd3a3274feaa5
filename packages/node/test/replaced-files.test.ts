import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createJobToken } from '@gwh/core/job-token'
import { signDynamic, signStatic } from '@gwh/core/sign'
import { expect, test } from 'vitest'
import { type Child, childrenOf } from '../../../test/support/src/children.ts'
import { SECRET } from './support.ts'

const JOB_KEY = 'a job key of more than thirty-two characters'
const AUDIENCE = 'https://receiver.example/hook'
const ed25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const toJwk = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }) })
const KEYS = {
  secret: SECRET,
  jwks: { keys: [toJwk(ed25519.publicKey), toJwk(rsa.publicKey)] },
  jobKey: JOB_KEY,
  jwt: { audience: AUDIENCE },
}

test('a server whose files were replaced answers its first delivery of every kind', {
  timeout: 60_000,
}, async () => {
  const folder = deploy()
  const server = childrenOf(pathToFileURL(join(folder, 'node/')).href)('serve.ts', JSON.stringify(KEYS))
  try {
    const url = await firstLine(server)
    rmSync(folder, { recursive: true })
    const statuses: Record<string, number> = {}
    for (const [kind, toSignature] of Object.entries(SIGNATURES)) {
      statuses[kind] = await post(url, kind, toSignature)
    }
    expect(statuses).toEqual({ secret: 200, key: 200, token: 200 })
  } finally {
    server.process.kill('SIGTERM')
    await server.ended
  }
})

/** Copies the packages that a server needs to a folder of their own, which a test may delete. */
function deploy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-replaced-'))
  for (const name of ['core', 'node']) {
    for (const part of ['package.json', 'src']) {
      const from = new URL(`../../${name}/${part}`, import.meta.url)
      cpSync(fileURLToPath(from), join(folder, name, part), { recursive: true })
    }
  }
  cpSync(fileURLToPath(new URL('children/serve.ts', import.meta.url)), join(folder, 'node/serve.ts'))
  const installed = fileURLToPath(new URL('../../core/node_modules', import.meta.url))
  symlinkSync(installed, join(folder, 'core/node_modules'))
  mkdirSync(join(folder, 'node/node_modules/@gwh'), { recursive: true })
  symlinkSync(join(folder, 'core'), join(folder, 'node/node_modules/@gwh/core'))
  return folder
}

async function firstLine(server: Child): Promise<string> {
  const line = new Promise<string>((resolve) => server.onLine(resolve))
  const ended = server.ended.then(({ errors }) => Promise.reject(new Error(errors)))
  return await Promise.race([line, ended])
}

type Message = { id: string; timestamp: number; body: string }

const SIGNATURES: Record<string, (message: Message) => Promise<string>> = {
  secret: (message) => signStatic({ ...message, secrets: SECRET }),
  key: (message) => signDynamic({ ...message, privateKey: toJwk(ed25519.privateKey) }),
  async token({ timestamp, body }) {
    const hash = createHash('sha256').update(body).digest('hex')
    const claims = { aud: AUDIENCE, iat: timestamp, exp: timestamp + 300, body_sha256: hash }
    const content = [{ alg: 'RS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${content}.${sign('sha256', Buffer.from(content), rsa.privateKey).toString('base64url')}`
  },
}

async function post(
  url: string,
  kind: string,
  toSignature: (message: Message) => Promise<string>,
): Promise<number> {
  const timestamp = Math.floor(Date.now() / 1000)
  const metadata = { gwh_job_token: await createJobToken({ jobKey: JOB_KEY }) }
  const event = { type: 'batch.succeeded', data: { id: `batches/${kind}` }, user_metadata: metadata }
  const message = { id: `msg_${kind}`, timestamp, body: JSON.stringify(event) }
  const headers = {
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': await toSignature(message),
  }
  return (await fetch(url, { method: 'POST', headers, body: message.body })).status
}
