import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EmulatorOptions } from '../src/index.ts'
import { kindOf } from '../src/lib/delivery/address.ts'
import { lookUpHost } from '../src/lib/delivery/host-lookup.ts'
import { createTestEmulator, startReceiver } from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** Which of the addresses a delivery goes to, as literals or as what `host.example` resolves to. */
async function contacted(options: EmulatorOptions, uris: readonly string[]) {
  const seen: string[] = []
  const spy: typeof globalThis.fetch = async (input) => {
    seen.push(String(input))
    return new Response()
  }
  const emulator = createTestEmulator({ fetch: spy, ...options })
  await emulator.trigger({ ...event, uris })
  await emulator.idle()
  const blocked = emulator.deliveries().filter(({ attempts }) => attempts[0]?.code === 'target_blocked')
  expect(seen.length + blocked.length).toBe(uris.length)
  return seen
}

const toUri = (address: string) => new URL(`http://${address.includes(':') ? `[${address}]` : address}/`).href

const LOOPBACK = ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1']
const PUBLIC = [
  '93.184.216.34',
  '2606:4700::1',
  '100.63.255.255',
  '172.32.0.1',
  '64:ff9b::5db8:d822',
  '::ffff:0:5db8:d822',
]
const PRIVATE = ['10.0.0.1', '172.31.255.254', '192.168.1.1', '100.64.0.1', 'fd12:3456::1', '::ffff:10.0.0.1']
const FORBIDDEN = [
  '0.0.0.0',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::7f00:1',
  '::ffff:0:169.254.169.254',
  '::ffff:0:127.0.0.1',
  '::ffff:0:a00:1',
  '64:ff9b:1::1',
  '2002:a9fe:a9fe::',
  '2001:0:1::1',
]
const ALL = [...LOOPBACK, ...PUBLIC, ...PRIVATE, ...FORBIDDEN]

describe.each([
  [false, LOOPBACK],
  [true, [...LOOPBACK, ...PUBLIC]],
  ['private' as const, [...LOOPBACK, ...PUBLIC, ...PRIVATE]],
])('allowRemote: %s', (allowRemote, allowed) => {
  test('judges an address in a URI', async () => {
    const seen = await contacted({ allowRemote }, ALL.map(toUri))
    expect(seen.sort()).toEqual(allowed.map(toUri).sort())
  })

  test('judges the address a host name resolves to', async () => {
    const found = await Promise.all(
      ALL.map(async (address) => {
        const seen = await contacted({ allowRemote, lookup: async () => [address] }, ['http://host.example/'])
        return seen.length > 0 ? [address] : []
      }),
    )
    expect(found.flat()).toEqual(allowRemote === false ? [] : allowed)
  })
})

test('one forbidden address among several blocks a host name', async () => {
  const lookup = async () => ['93.184.216.34', '169.254.169.254']
  expect(await contacted({ allowRemote: 'private', lookup }, ['http://host.example/'])).toEqual([])
})

test('a host name without an address, or with something else, is blocked', async () => {
  for (const answer of [[], ['nonsense'], ['fe80::1%eth0'], ['999.1.1.1']]) {
    const lookup = async () => answer
    expect(await contacted({ allowRemote: 'private', lookup }, ['http://host.example/'])).toEqual([])
  }
})

test('numbers that mean an address are judged as that address', async () => {
  const uris = ['http://2852039166/', 'http://0xa9fea9fe/', 'http://169.254.43518/']
  expect(await contacted({ allowRemote: 'private' }, uris)).toEqual([])
})

test('the connection goes to the address that was checked, without a second look-up', async () => {
  const receiver = await startReceiver()
  const { port } = new URL(receiver.url)
  const asked: string[] = []
  const lookup = async (hostname: string) => {
    asked.push(hostname)
    return asked.length === 1 ? ['127.0.0.1'] : ['169.254.169.254']
  }
  const emulator = createTestEmulator({ allowRemote: true, lookup })
  await emulator.trigger({ ...event, uris: [`http://rebound.example:${port}/hook`] })
  await emulator.idle()
  expect(asked).toEqual(['rebound.example'])
  expect(receiver.received).toMatchObject([{ headers: { host: `rebound.example:${port}` } }])
  expect(emulator.deliveries()[0]).toMatchObject({ state: 'acked', attempts: [{ status: 200 }] })
})

test('a pinned https connection names the host in its TLS handshake', async () => {
  const hello: Buffer[] = []
  const server = createServer((socket) => {
    socket.once('data', (data) => {
      hello.push(data)
      socket.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const emulator = createTestEmulator({ allowRemote: true, lookup: async () => ['127.0.0.1'] })
  await emulator.trigger({ ...event, uris: [`https://rebound.example:${port}/hook`] })
  await emulator.idle()
  expect(Buffer.concat(hello).includes('rebound.example')).toBe(true)
  expect(emulator.deliveries()[0]!.attempts).toMatchObject([{ code: 'connection_failed' }])
})

test('a pinned connection follows no redirect, and keeps status, answer and Retry-After', async () => {
  const target = await startReceiver()
  const lookup = async () => ['127.0.0.1']
  const answers = [
    { status: 302, code: 'redirect', headers: { location: target.url } },
    { status: 503, code: 'http_status', headers: { 'retry-after': '7' } },
    { status: 204, code: undefined, headers: {} },
  ]
  for (const { status, code, headers } of answers) {
    const receiver = await startReceiver((response) => void response.writeHead(status, headers).end())
    const emulator = createTestEmulator({ allowRemote: true, lookup, retry: { jitter: 0 } })
    await emulator.trigger({ ...event, uris: [`http://host.example:${new URL(receiver.url).port}/`] })
    await emulator.idle()
    expect(emulator.deliveries()[0]!.attempts).toMatchObject([{ status, ...(code && { code }) }])
  }
  expect(target.received).toEqual([])
})

test('a look-up that fails or never ends is a failed attempt', async () => {
  const refused = createTestEmulator({
    allowRemote: true,
    lookup: () => Promise.reject(new Error('ENOTFOUND')),
  })
  await refused.trigger({ ...event, uris: ['http://host.example/'] })
  await refused.idle()
  expect(refused.deliveries()[0]!.attempts).toMatchObject([{ code: 'connection_failed' }])
  const options = { allowRemote: true, lookup: () => new Promise<never>(() => {}), retry: { timeoutMs: 50 } }
  const stuck = createTestEmulator(options)
  await stuck.trigger({ ...event, uris: ['http://host.example/'] })
  await stuck.idle()
  expect(stuck.deliveries()[0]!.attempts).toMatchObject([{ code: 'timeout' }])
})

test('without a lookup of its own, the emulator asks the system', async () => {
  const addresses = await lookUpHost('localhost')
  expect(addresses.length).toBeGreaterThan(0)
  expect(addresses.map(kindOf)).toEqual(addresses.map(() => 'loopback'))
  await expect(lookUpHost('does-not-exist.invalid')).rejects.toThrow()
})
