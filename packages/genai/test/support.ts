import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GoogleGenAI as GoogleGenAI3, type HttpOptions } from '@google/genai'
import { createReceiver, type Receiver, type ReceiverOptions } from '@gwh/core'
import { createEmulator, type EmulatorOptions } from '@gwh/emulator'
import { GoogleGenAI as GoogleGenAI2 } from 'genai2'
import { onTestFinished } from 'vitest'

export const JOB_KEY = 'a job key of more than thirty-two characters'
export const MODEL = 'gemini-3.8-flash'

/** Both majors of the SDK that the package works with. Their types differ only in names. */
export const SDKS = [
  { sdk: '2.x', connect: connect2 },
  { sdk: '3.x', connect: connect3 },
]

function connect2(baseUrl: string, options: HttpOptions = {}): GoogleGenAI3 {
  return new GoogleGenAI2({ apiKey: 'test', httpOptions: { baseUrl, ...options } }) as unknown as GoogleGenAI3
}

export function connect3(baseUrl: string, options: HttpOptions = {}): GoogleGenAI3 {
  return new GoogleGenAI3({ apiKey: 'test', httpOptions: { baseUrl, ...options } })
}

/** An emulator on a free port with a stopped clock, and a client of the newest SDK. */
export async function startEmulator(options: EmulatorOptions = {}) {
  const emulator = createEmulator(options)
  emulator.clock.pause()
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen({ port: 0 })
  return { emulator, url, client: connect3(url) }
}

/** A receiver behind a real server, for webhooks of an emulator. */
export async function startReceiver(
  { emulator, url: emulatorUrl }: Pick<Awaited<ReturnType<typeof startEmulator>>, 'emulator' | 'url'>,
  options: Partial<ReceiverOptions> = {},
): Promise<{ receiver: Receiver; url: string }> {
  const receiver = createReceiver({
    dynamic: { jobKey: JOB_KEY, jwks: `${emulatorUrl}/.well-known/jwks.json`, allowEmulator: true },
    now: () => emulator.clock.now(),
    observer: () => {},
    ...options,
  })
  return { receiver, url: await serveFetch((request) => receiver.fetch(request)) }
}

/** Serves a fetch handler on a free port. */
export async function serveFetch(handle: (request: Request) => Promise<Response>): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ])
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
    const answer = await handle(
      new Request(`http://127.0.0.1${request.url}`, { method: request.method!, headers, ...body }),
    )
    response
      .writeHead(answer.status, Object.fromEntries(answer.headers))
      .end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}
