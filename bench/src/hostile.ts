// What a refusal costs inside the pipeline, and the CPU time of the most expensive requests anybody can send.
import { generateKeyPairSync } from 'node:crypto'
import { createReceiver } from '@gwh/core'
import { type Delivery, makeBody, nowSeconds, SECRET, signedStatic, toHeaders } from './deliveries.ts'
import { compare } from './harness.ts'
import { median } from './measured.ts'

const body = makeBody(300)
const receiver = createReceiver({ static: { secrets: SECRET }, toleranceSeconds: 3600 })
receiver.on('*', () => {})

let count = 0
const ids = Array.from({ length: 200_000 }, (_, index) => signedStatic(body, `msg_${index}`))
const fresh = () => receiver.receive(ids[count++ % ids.length]!)
const send = (delivery: Delivery) => async (times: number) => {
  for (let index = 0; index < times; index++) await receiver.receive(delivery)
}

const good = signedStatic(body)
await compare('one delivery through the line, inline mode, memory store', [
  {
    name: 'accepted and handled',
    async run(times) {
      for (let index = 0; index < times; index++) await fresh()
    },
  },
  { name: 'duplicate', run: send(good) },
  {
    name: 'refused: bad signature',
    run: send({ body, headers: toHeaders('msg_x', `v1,${'A'.repeat(43)}=`) }),
  },
  { name: 'refused: stale', run: send({ body, headers: toHeaders('msg_x', 'v1,x', nowSeconds() - 86_400) }) },
  {
    name: 'refused: malformed timestamp',
    run: send({ body, headers: { ...good.headers, 'webhook-timestamp': '1e9' } }),
  },
  { name: 'refused: header missing', run: send({ body, headers: {} }) },
])

const keys = Array.from({ length: 16 }, () => {
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  return { kty: jwk.kty!, crv: jwk.crv!, x: jwk.x! }
})
const wide = createReceiver({
  static: {
    secrets: Array.from(
      { length: 8 },
      (_, index) => `whsec_${Buffer.alloc(32, index + 1).toString('base64')}`,
    ),
  },
  dynamic: { allowAnyJob: true, jwks: { keys } },
  toleranceSeconds: 3600,
})
const v1 = Array.from({ length: 16 }, (_, index) => `v1,${Buffer.alloc(32, index).toString('base64')}`).join(
  ' ',
)
const v1a = Array.from({ length: 4 }, (_, index) => `v1a,${Buffer.alloc(64, index + 1).toString('base64')}`)
const mixed = [...v1.split(' ').slice(0, 12), ...v1a].join(' ')
const long = `v1,${'A'.repeat(8180)}`
const large = Buffer.alloc(1024 * 1024, 0x20)
const hostile: Record<string, [typeof receiver, Delivery]> = {
  '16 v1 entries × 8 secrets, 300 B': [wide, { body, headers: toHeaders('msg_x', v1) }],
  '4 v1a entries × 16 keys, 300 B': [wide, { body, headers: toHeaders('msg_x', v1a.join(' ')) }],
  '12 v1 + 4 v1a entries, 300 B': [wide, { body, headers: toHeaders('msg_x', mixed) }],
  'one entry of 8 KiB': [wide, { body, headers: toHeaders('msg_x', long) }],
  '300 entries': [wide, { body, headers: toHeaders('msg_x', Array(300).fill('v1,x').join(' ')) }],
  '1 MiB body, one secret': [receiver, { body: large, headers: toHeaders('msg_x', `v1,${'A'.repeat(43)}=`) }],
  '1 MiB body, 8 secrets': [wide, { body: large, headers: toHeaders('msg_x', `v1,${'A'.repeat(43)}=`) }],
}

console.log('\nCPU of one hostile request (median of 30), ms')
for (const [name, [target, delivery]] of Object.entries(hostile)) {
  const times: number[] = []
  for (let round = 0; round < 35; round++) {
    const before = process.cpuUsage()
    await target.receive(delivery)
    const { user, system } = process.cpuUsage(before)
    if (round >= 5) times.push((user + system) / 1000)
  }
  console.log(`  ${name.padEnd(44)} ${median(times).toFixed(2).padStart(8)}`)
}
