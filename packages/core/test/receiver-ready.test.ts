import { expect, test } from 'vitest'
import { codeOf, createWatched, JOB_KEY, JWKS } from './support.ts'

const IDENTITY = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: Buffer.from([1, ...Array(31).fill(0)]).toString('base64url'),
}

test('ready fetches no keys, and calls no function for secrets or job keys', async () => {
  const calls: string[] = []
  const { receiver, signals } = createWatched({
    static: { secrets: () => Promise.reject(new Error(`${calls.push('secrets')}`)) },
    dynamic: {
      jwks: 'https://keys.example/jwks.json',
      jobKey: () => Promise.reject(new Error(`${calls.push('jobKey')}`)),
      jwt: { audience: 'https://receiver.example' },
    },
    fetch: () => Promise.reject(new Error(`${calls.push('fetch')}`)),
  })
  await receiver.ready()
  expect(calls).toEqual([])
  expect(signals).toEqual([])
})

test('ready asks no function whether a job is ours', async () => {
  const { receiver } = createWatched({
    dynamic: { jwks: JWKS, authorize: () => Promise.reject(new Error('there is no event')) },
  })
  await receiver.ready()
})

test('ready rejects when a key set has only keys with which anyone can sign', async () => {
  const { receiver } = createWatched({ dynamic: { jwks: { keys: [IDENTITY] }, jobKey: JOB_KEY } })
  expect(await codeOf(receiver.ready())).toBe('option_invalid')
})
