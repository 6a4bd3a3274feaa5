import { createMemoryQueue, createReceiver } from '@gwh/core'
import { checkMountOptions, createDrainHandler, pathOf, serveOn } from '@gwh/core/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createWatched, NOW, SECRET, settle, staticDelivery, toRequest } from './support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const create = () => {
  const queue = createMemoryQueue()
  const handled: string[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW, queue })
  receiver.on('*', (event) => void handled.push(event.type))
  return { queue, receiver, handled }
}

describe('a path', () => {
  test.each([
    ['http://h:1/webhooks/gemini?x=1', '/webhooks/gemini'],
    ['HTTPS://user@h/a', '/a'],
    ['/a#b', '/a#b'],
    ['ftp://h/a', 'ftp://h/a'],
    ['http:///a', 'http:///a'],
    ['http://h', '/'],
    ['http://h?x', '/'],
    ['/a/b?c=/d', '/a/b'],
    ['//h/a', '//h/a'],
    ['/http://h/a', '/http://h/a'],
    ['', '/'],
  ])('of %s is %s', (url, path) => expect(pathOf(url)).toBe(path))

  test('without a leading slash, and an unknown option, are refused', () => {
    const invalid = expect.objectContaining({ code: 'option_invalid' })
    expect(() => checkMountOptions({ path: 'a' }, 'x')).toThrow(invalid)
    expect(() => checkMountOptions({ pfad: '/a' } as object, 'x')).toThrow(invalid)
  })
})

describe('after the answer', () => {
  test('a runtime with `after` gets the task of draining the queue, not its promise', async () => {
    const { receiver, handled } = create()
    const tasks: (() => Promise<unknown>)[] = []
    const waitUntil = vi.fn()
    const after = (task: () => Promise<unknown>) => void tasks.push(task)
    const response = await receiver.fetch(toRequest(staticDelivery()), { after, waitUntil })
    expect([response.status, handled, tasks.length]).toEqual([200, [], 1])
    expect(waitUntil).not.toHaveBeenCalled()
    await tasks[0]!()
    expect(handled).toEqual(['batch.succeeded'])
  })

  test('a refused delivery leaves nothing to do', async () => {
    const { receiver } = create()
    const after = vi.fn()
    expect((await receiver.fetch(new Request('http://h/'), { after })).status).toBe(405)
    expect(after).not.toHaveBeenCalled()
  })

  test('a runtime that accepts no more work does not change the answer', async () => {
    const { receiver } = create()
    const after = () => {
      throw new Error('too late')
    }
    expect((await receiver.fetch(toRequest(staticDelivery()), { after })).status).toBe(200)
  })
})

describe('a drain over HTTP', () => {
  const call = (secret?: string) =>
    new Request('http://h/cron', secret ? { headers: { authorization: `Bearer ${secret}` } } : {})

  test('with the secret handles what is due and answers with the count', async () => {
    const { receiver, handled } = create()
    await receiver.fetch(toRequest(staticDelivery()))
    const response = await createDrainHandler(receiver, { secret: 's3cret' })(call('s3cret'))
    expect([response.status, await response.json(), handled]).toEqual([
      200,
      { processed: 1 },
      ['batch.succeeded'],
    ])
  })

  test.each([undefined, 's3cre', 's3crets', 'S3CRET', 'undefined'])(
    'with %s for a secret is unauthorized',
    async (secret) => {
      const { receiver } = create()
      const drain = vi.spyOn(receiver, 'drain')
      const response = await createDrainHandler(receiver, { secret: 's3cret' })(call(secret))
      expect([response.status, await response.json()]).toEqual([401, { error: 'unauthorized' }])
      expect(drain).not.toHaveBeenCalled()
    },
  )

  test.each([undefined, ''])('whose secret is %j refuses every request', async (secret) => {
    const { receiver } = create()
    const drain = createDrainHandler(receiver, { secret: () => secret })
    for (const presented of ['undefined', ' ', 'x']) expect((await drain(call(presented))).status).toBe(401)
  })

  test('without a secret is refused when it is made', () => {
    const { receiver } = create()
    expect(() => createDrainHandler(receiver, { secret: '' })).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  })

  test('of a queue that is down is answered like a delivery', async () => {
    const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW })
    const response = await createDrainHandler(receiver, { secret: 's' })(call('s'))
    expect([response.status, await response.json()]).toEqual([500, { error: 'option_invalid' }])
  })
})

describe('a body that never arrives raw', () => {
  const parsed = { method: 'POST', body: {} as Uint8Array }

  test('is reported once, and answered every time', async () => {
    const observer = vi.fn()
    const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW, observer })
    for (const _ of [1, 2, 3]) {
      const { headers } = staticDelivery()
      expect((await receiver.receive({ ...parsed, headers })).status).toBe(500)
    }
    expect(observer.mock.calls).toEqual([
      [expect.objectContaining({ type: 'refused', code: 'raw_body_required' })],
    ])
  })

  test('is printed to the console without an observer, and nothing else is', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    const receiver = createReceiver({ static: { secrets: SECRET }, now: () => NOW })
    const { headers } = staticDelivery()
    await receiver.receive({ ...parsed, headers })
    await receiver.receive({ ...parsed, headers: {} })
    expect(error.mock.calls).toEqual([[expect.stringMatching(/^raw_body_required: /)]])
  })
})

describe('serving', () => {
  const options = { port: 1, signals: false }
  const listening = { port: 1, hostname: '::1', close: async () => {} }
  const runtime = { listen: () => listening, onSignal: () => () => {} }

  test('refuses an unknown option before it listens', async () => {
    const listen = () => expect.unreachable('it listens')
    for (const wrong of [{ prot: 1 }, { closeTimeoutMs: -1 }, { port: 1.5 }, { path: 'a' }]) {
      const served = serveOn({ ...runtime, listen }, create().receiver, wrong as object)
      await expect(served).rejects.toMatchObject({ code: 'option_invalid' })
    }
  })

  test('returns its URL, with brackets around an IPv6 address', async () => {
    const served = await serveOn(runtime, create().receiver, { ...options, path: '/a' })
    expect(served.url).toBe('http://[::1]:1/a')
  })

  test('stops its worker when it cannot listen', async () => {
    const { receiver } = create()
    const stop = vi.fn(async () => {})
    vi.spyOn(receiver, 'work').mockReturnValue({ stop })
    const listen = () => {
      throw new Error('in use')
    }
    await expect(serveOn({ ...runtime, listen }, receiver, { ...options, work: true })).rejects.toThrow(
      'in use',
    )
    expect(stop).toHaveBeenCalledOnce()
  })

  test('closes once, and stops listening for signals at the first one', async () => {
    const handlers = new Map<string, () => void>()
    const close = vi.fn(async () => {})
    const onSignal = (name: string, listener: () => void) => {
      handlers.set(name, listener)
      return () => void handlers.delete(name)
    }
    const served = await serveOn({ listen: () => ({ ...listening, close }), onSignal }, create().receiver, {
      port: 1,
    })
    expect([...handlers.keys()]).toEqual(['SIGTERM', 'SIGINT'])
    handlers.get('SIGTERM')!()
    expect(handlers.size).toBe(0)
    await served.close()
    expect(close).toHaveBeenCalledOnce()
  })

  test('survives a signal when the queue cannot be closed, and reports it', async () => {
    const queue = { ...createMemoryQueue(), close: () => Promise.reject(new Error('disk is gone')) }
    const { receiver, signals } = createWatched({ queue })
    const rejected = vi.fn()
    process.on('unhandledRejection', rejected)
    let onSigterm = () => {}
    const onSignal = (name: string, listener: () => void) => {
      if (name === 'SIGTERM') onSigterm = listener
      return () => {}
    }
    const served = await serveOn({ ...runtime, onSignal }, receiver, { port: 1 })
    onSigterm()
    await vi.waitFor(() => expect(signals).toMatchObject([{ type: 'fault', code: 'store_unavailable' }]))
    await settle()
    process.off('unhandledRejection', rejected)
    expect(rejected).not.toHaveBeenCalled()
    await expect(served.close()).rejects.toThrow('disk is gone')
  })

  test('closes open requests when the time is up', async () => {
    const close = (cutOff: AbortSignal) => new Promise((resolve) => cutOff.addEventListener('abort', resolve))
    const served = await serveOn({ ...runtime, listen: () => ({ ...listening, close }) }, create().receiver, {
      ...options,
      closeTimeoutMs: 1,
    })
    await served.close()
  })
})
