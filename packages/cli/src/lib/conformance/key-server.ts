import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { FOLDER, makeFolder } from '../project/dev-settings.ts'
import { CliError } from '../shared/cli-error.ts'
import { toFields } from '../shared/fields.ts'
import { writePrivately } from '../shared/files.ts'

/** A server for the public key of dynamic deliveries. */
export interface KeyServer {
  readonly url: string
  /** An Ed25519 key, as a JSON Web Key. */
  readonly privateKey: JsonWebKey & { readonly kty: string }
  close(): void
}

const NAME = 'conformance-key.json'

/**
 * Serves a key on this machine, in the place of Google's. The project keeps the key, because receivers remember what
 * they fetched.
 *
 * @throws CliError when the port is taken
 */
export async function serveKey(cwd: string, port: number): Promise<KeyServer> {
  const privateKey = (await readKey(cwd)) ?? (await makeKey(cwd))
  const { d: _, ...publicKey } = privateKey
  const text = JSON.stringify({ keys: [{ ...publicKey, use: 'sig', kid: 'gwh-conformance' }] })
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('network', `cannot listen on port ${port} (${cause.code})`, { cause })
  })
  const close = () => void server.close().closeAllConnections()
  return { url: `http://127.0.0.1:${port}/jwks.json`, privateKey, close }
}

async function readKey(cwd: string): Promise<KeyServer['privateKey'] | undefined> {
  try {
    const key = toFields(JSON.parse(await readFile(join(cwd, FOLDER, NAME), 'utf8')))
    const { kty, crv, x, d } = key
    const isKey = kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string'
    return isKey ? { kty, crv, x, d } : undefined
  } catch {
    return undefined
  }
}

async function makeKey(cwd: string): Promise<KeyServer['privateKey']> {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  await writePrivately(join(await makeFolder(cwd), NAME), JSON.stringify(key))
  return { ...key, kty: 'OKP' }
}
