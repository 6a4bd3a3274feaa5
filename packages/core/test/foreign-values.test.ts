import { expect, test } from 'vitest'
import { createWatched, staticDelivery } from './support.ts'

const fail = () => Promise.reject(new Error('handler'))

class Silent<T> extends Promise<T> {
  // biome-ignore lint/suspicious/noThenProperty: what is tested
  override then(...args: Parameters<Promise<T>['then']>): never {
    super.then(...args)
    return undefined as never
  }
}

function withOwnThen(): Promise<void> {
  const failed = fail()
  const then = (...args: Parameters<typeof failed.then>) => void failed.then(...args)
  return Object.defineProperty(Promise.resolve(), 'then', { value: then })
}

test.each([
  ['of a class whose then returns nothing', () => Silent.reject(new Error('handler'))],
  ['with a then of its own', withOwnThen],
])('a handler that fails with a promise %s fails its delivery', async (_, handle) => {
  const { receiver } = createWatched()
  receiver.on('*', () => handle() as Promise<void>)
  await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 500 })
})

const unreadable = {
  get body(): never {
    throw new Error('no body')
  },
}

test.each([
  ['undefined', undefined],
  ['null', null],
  ['an object that throws', unreadable],
])('receive answers %s without an exception', async (_, delivery) => {
  const { receiver } = createWatched()
  const answer = receiver.receive(delivery as never)
  await expect(answer).resolves.toMatchObject({ status: 500 })
})
