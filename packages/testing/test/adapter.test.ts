import { createReceiver } from '@gwh/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AdapterException,
  adapterContract,
  CONTRACT_SECRET,
  ContractViolation,
  NODE_HTTP_EXCEPTIONS,
  type RegisterTest,
} from '../src/index.ts'
import { startContractServer } from './contract-server.ts'
import { WRONG } from './wrong-adapters.ts'

const [LLHTTP] = NODE_HTTP_EXCEPTIONS as [AdapterException]

describe.each(['inline', 'queue'] as const)('a correct adapter, %s', (mode) => {
  let server: Awaited<ReturnType<typeof startContractServer>>
  beforeAll(async () => {
    server = await startContractServer({}, mode)
  })
  afterAll(() => server.close())
  adapterContract(test.concurrent, { url: () => server.url, mode, exceptions: NODE_HTTP_EXCEPTIONS })
})

test.concurrent.each(WRONG)('an adapter that %s is caught', async (_, steps, ...titles) => {
  const server = await startContractServer(steps)
  const tests = collect((register) => adapterContract(register, { url: server.url, patienceMs: 500 }))
  const outcomes = await Promise.all(titles.map((title) => outcome(tests, title)))
  await server.close()
  expect(outcomes).toEqual(titles.map(() => 'ContractViolation'))
})

test('a server that does not listen is reported as such', async () => {
  const tests = collect((register) => adapterContract(register, { url: 'http://127.0.0.1:1/' }))
  await expect(tests.get('a good delivery is accepted')!()).rejects.toThrow('nothing listens at 127.0.0.1:1')
})

test('without the handlers of the contract, the error says what is missing', async () => {
  const receiver = createReceiver({ static: { secrets: CONTRACT_SECRET } })
  const server = await startContractServer({ answer: (_, delivery) => receiver.receive(delivery) })
  const tests = collect((register) => adapterContract(register, { url: server.url }))
  const title = 'a delivery whose handler throws is answered 500, and handled again when it is retried'
  await expect(tests.get(title)!()).rejects.toThrow('are the handlers of contractHandlers() registered')
  await server.close()
})

describe('exceptions', () => {
  const server = startContractServer({})
  afterAll(async () => (await server).close())
  const url = async () => (await server).url
  const examine = (exception: AdapterException, title: string) =>
    collect((register) => adapterContract(register, { url, exceptions: [exception] })).get(title)!()

  test('a case that deviates as its exception says passes', async () => {
    await examine(LLHTTP, LLHTTP.cases[0]!)
  })
  test('an exception whose case keeps the contract is stale', async () => {
    const exception = { ...LLHTTP, cases: ['a good delivery is accepted'] }
    await expect(examine(exception, exception.cases[0]!)).rejects.toThrow('the exception is stale')
  })
  test('a case that deviates in another way fails', async () => {
    await expect(examine({ ...LLHTTP, instead: 'found ["silent"' }, LLHTTP.cases[0]!)).rejects.toThrow(
      'verdict',
    )
  })
  test.each([
    [
      'for a case that does not exist',
      { ...LLHTTP, cases: ['raw: nothing of the kind'] },
      'no case is called',
    ],
    ['without a reason', { ...LLHTTP, reason: ' ' }, 'must say why'],
    ['without what happens instead', { ...LLHTTP, instead: '' }, 'must say why'],
    [
      'that names a case twice',
      { ...LLHTTP, cases: [...LLHTTP.cases, LLHTTP.cases[0]!] },
      'two exceptions name',
    ],
  ])('an exception %s is a mistake', (_, exception, message) => {
    const register = () => collect((test) => adapterContract(test, { url, exceptions: [exception] }))
    expect(register).toThrow(message)
  })
})

test('the corpus has at least 300 requests', () => {
  const titles = collect((register) => adapterContract(register, { url: 'http://127.0.0.1:1/' })).keys()
  expect([...titles].filter((title) => title.startsWith('raw: ')).length).toBeGreaterThanOrEqual(300)
})

test('a receiver without dynamic webhooks is not tested for them', () => {
  const url = 'http://127.0.0.1:1/'
  const titles = collect((register) => adapterContract(register, { url, dynamic: false })).keys()
  expect([...titles].filter((title) => title.includes('dynamic'))).toEqual([])
})

function collect(register: (test: RegisterTest) => void): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>()
  register((title, run) => tests.set(title, run))
  return tests
}

async function outcome(tests: Map<string, () => Promise<void>>, title: string): Promise<string> {
  try {
    await tests.get(title)!()
    return 'passed'
  } catch (error) {
    return error instanceof ContractViolation ? 'ContractViolation' : String(error)
  }
}
