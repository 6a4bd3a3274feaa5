import { createReceiver, isEvent, type MetadataPattern, parseEvent, type WebhookEvent } from '@gwh/core'
import { suggestEventType } from '@gwh/core/events'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { SimilarPattern, TypePattern } from '../src/lib/handle/patterns.ts'
import { createRouter } from '../src/lib/handle/router.ts'
import { createWatched, SECRET, staticDelivery } from './support.ts'

const toEvent = (type: string, userMetadata: object = {}) =>
  parseEvent(JSON.stringify({ type, data: { id: 'job_1' }, user_metadata: userMetadata }))

/** The patterns, by their place in the list, that an event matches. */
function matches(patterns: (string | MetadataPattern)[], event: WebhookEvent): number[] {
  const router = createRouter()
  const handlers = patterns.map(() => () => {})
  patterns.forEach((pattern, index) => {
    router.add(pattern, handlers[index]!)
  })
  return router.find(event).map((handler) => handlers.indexOf(handler as () => void))
}

describe('a pattern', () => {
  test.each<[string | MetadataPattern, string, boolean]>([
    ['batch.succeeded', 'batch.succeeded', true],
    ['batch.succeeded', 'batch.failed', false],
    ['batch.succeeded', 'batch.succeeded.late', false],
    ['batch.*', 'batch.succeeded', true],
    ['batch.*', 'batch.a.b', true],
    ['batch.a.*', 'batch.a.b', true],
    ['batch.a.*', 'batch.b', false],
    ['batch.*', 'batch', false],
    ['batch.*', 'batches.succeeded', false],
    ['*', 'batch.succeeded', true],
    ['*', 'ping', true],
    ['ping', 'ping', true],
    [{ type: 'batch.*' }, 'batch.failed', true],
    ['Batch.Succeeded', 'batch.succeeded', false],
    ['constructor', 'constructor', true],
    ['batch.completed', 'batch.completed', false],
  ])('%j matches %s: %s', (pattern, type, expected) => {
    expect(matches([pattern], toEvent(type))).toEqual(expected ? [0] : [])
  })

  test.each(['*', 'batch.*', '.', '..', '.*', '*.*', 'x.*'])(
    'an event that calls itself %s matches each handler at most once',
    (type) => {
      expect(matches(['*', 'batch.*', 'batch.succeeded'], toEvent(type)).filter((n) => n === 0)).toEqual([0])
    },
  )

  test('all that match run in the order they were registered', () => {
    const patterns = ['*', 'batch.succeeded', 'batch.failed', 'batch.*', '*', { metadata: {} }]
    expect(matches(patterns, toEvent('batch.succeeded'))).toEqual([0, 1, 3, 4, 5])
  })
})

describe('handlers', () => {
  const event = toEvent('batch.succeeded', { a: 1 })
  const [one, two] = [() => {}, () => {}]

  test('that are registered after an event count for the next one', () => {
    const router = createRouter()
    router.add('batch.*', one)
    expect(router.find(event)).toEqual([one])
    router.add('*', two)
    expect(router.find(event)).toEqual([one, two])
  })

  test('with metadata are found by each event anew', () => {
    const router = createRouter()
    router.add({ type: 'batch.*', metadata: { a: 1 } }, one)
    router.add(['batch.succeeded', { metadata: { a: 2 } }], two)
    expect(router.find(event)).toEqual([one, two])
    expect(router.find(toEvent('batch.succeeded', { a: 2 }))).toEqual([two])
    expect(router.find(toEvent('batch.failed', { a: 2 }))).toEqual([two])
    expect(router.find(event)).toEqual([one, two])
  })

  test('are found for any number of types', () => {
    const router = createRouter()
    router.add('later.*', one)
    for (let number = 0; number < 200; number++) {
      expect(router.find(toEvent(`later.${number}`))).toEqual([one])
      expect(router.find(toEvent(`other.${number}`))).toEqual([])
    }
  })
})

describe('metadata', () => {
  const pattern = (metadata: Record<string, string | number | boolean>) => ({ type: 'batch.*', metadata })

  test.each<[object, boolean]>([
    [{ job_group: 'nightly' }, true],
    [{ job_group: 'nightly', more: 1 }, true],
    [{ job_group: 'Nightly' }, false],
    [{ job_group: ['nightly'] }, false],
    [{ job_group: { nightly: true } }, false],
    [{ group: 'nightly' }, false],
    [{}, false],
  ])('%j has job_group nightly: %s', (metadata, expected) => {
    const found = matches([pattern({ job_group: 'nightly' })], toEvent('batch.succeeded', metadata))
    expect(found).toEqual(expected ? [0] : [])
  })

  test('is compared exactly: neither by kind nor by Unicode equivalence', () => {
    const event = toEvent('batch.succeeded', { n: '1', flag: 'true', name: 'e\u0301' })
    const patterns = [pattern({ n: 1 }), pattern({ flag: true }), pattern({ name: 'é' }), pattern({ n: '1' })]
    expect(matches(patterns, event)).toEqual([3])
  })

  test('must all be there', () => {
    const event = toEvent('batch.succeeded', { a: 1, b: true })
    expect(matches([pattern({ a: 1, b: true }), pattern({ a: 1, b: false })], event)).toEqual([0])
  })

  test.each(['constructor', 'toString', 'hasOwnProperty'])(
    'named %s is looked up in what was sent',
    (name) => {
      const event = toEvent('batch.succeeded', {})
      expect(matches([pattern({ [name]: undefined as unknown as string })], event)).toEqual([])
    },
  )
})

describe('what cannot be registered is option_invalid', () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  test.each<[string, unknown, unknown]>([
    ['an empty pattern', '', () => {}],
    ['a pattern with a star inside', 'batch.*.x', () => {}],
    ['a pattern that ends in a bare star', 'batch*', () => {}],
    ['a pattern with a space', 'batch .*', () => {}],
    ['a misspelt member, which would match everything', { types: 'batch.*' }, () => {}],
    ['an object that says nothing', {}, () => {}],
    ['a regular expression', /batch/, () => {}],
    ['a type that is not a string', { type: 5 }, () => {}],
    ['no handler', 'batch.*', undefined],
    ['a handler that is a string', 'batch.*', 'handler'],
  ])('%s', (_, pattern, handler) => {
    expect(() => receiver.on(pattern as '*', handler as () => void)).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  })

  test('on and onUnhandled return the receiver', () => {
    expect(receiver.on('ping' as string, () => {}).onUnhandled(() => {})).toBe(receiver)
  })
})

test('a pattern gives its handler the type of the event', () => {
  createReceiver({ static: { secrets: SECRET } })
    .on('batch.succeeded', (event) => expectTypeOf(event.data.file).toEqualTypeOf<string | undefined>())
    .on('batch.*', (event) => expectTypeOf(event.type).toExtend<`batch.${string}`>())
    .on({ type: 'interaction.failed', metadata: { a: 1 } }, (event) =>
      expectTypeOf(event.data.errorCode).toEqualTypeOf<string | undefined>(),
    )
    .on('*', (event) => expectTypeOf(event).toEqualTypeOf<WebhookEvent>())
    .on(['batch.failed', 'interaction.failed'], (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'batch.failed' | 'interaction.failed'>()
      expectTypeOf(event.data.errorCode).toEqualTypeOf<string | undefined>()
    })
    .on('video.generated', (event) => expectTypeOf(event.id).toEqualTypeOf<string>())
    .on('video.generated' as string, (event) => expectTypeOf(event.id).toEqualTypeOf<string | undefined>())
})

test('a misspelt event type does not compile', () => {
  const { receiver } = createWatched()
  // @ts-expect-error: batch.succeeded has two c
  receiver.on('batch.suceeded', () => {})
  // @ts-expect-error: there is no such family
  receiver.on('batches.*', () => {})
  // @ts-expect-error: in a list and in an object too
  receiver.on(['batch.failed', { type: 'batch.cancled' }], () => {})
})

test('the message of the compiler names what was probably meant', () => {
  expectTypeOf<SimilarPattern<'batch.suceeded'>>().toEqualTypeOf<'batch.succeeded'>()
  expectTypeOf<SimilarPattern<'batches.cancled'>>().toEqualTypeOf<'batch.cancelled'>()
  expectTypeOf<SimilarPattern<'interaction.complete'>>().toEqualTypeOf<'interaction.completed'>()
  expectTypeOf<SimilarPattern<'videos.*'>>().toEqualTypeOf<'video.generated' | 'video.*'>()
  expectTypeOf<SimilarPattern<'ping'>>().toEqualTypeOf<TypePattern>()
})

describe('a pattern without a documented type', () => {
  const warningsOf = (...patterns: (string | MetadataPattern)[]) => {
    const { receiver, signals } = createWatched()
    for (const pattern of patterns) receiver.on(pattern as string, () => {})
    return signals
  }

  test('is reported when it is registered, with a suggestion', () => {
    expect(warningsOf('batch.suceeded')).toEqual([
      {
        type: 'warning',
        code: 'event_type_unknown',
        message: '"batch.suceeded" is not a documented event type: did you mean "batch.succeeded"?',
      },
    ])
  })

  test.each(['future.type', 'batches.*', 'ping'])(
    'is reported without one if nothing is close: %s',
    (type) => {
      expect(warningsOf({ type })).toMatchObject([
        { message: expect.stringContaining('only if Google adds it') },
      ])
    },
  )

  test('is the only one reported', () => {
    expect(warningsOf('batch.succeeded', 'batch.*', 'video.*', '*', { metadata: {} })).toEqual([])
  })
})

test.each([
  ['batch.suceeded', 'batch.succeeded'],
  ['Batch.Failed', 'batch.failed'],
  ['interaction.require_action', 'interaction.requires_action'],
  ['video.created', undefined],
  ['batch.succeeded', undefined],
])('%s suggests %s', (type, suggestion) => {
  expect(suggestEventType(type)).toBe(suggestion)
})

describe('a list of patterns', () => {
  test('runs its handler once for an event that matches several, in its place', async () => {
    const { receiver } = createWatched()
    const ran: string[] = []
    receiver
      .on('*', () => ran.push('first'))
      .on(['batch.succeeded', 'batch.*', '*'], () => ran.push('list'))
      .on('batch.*', () => ran.push('last'))
    await receiver.receive(staticDelivery())
    expect(ran).toEqual(['first', 'list', 'last'])
  })

  test('must not be empty', () => {
    const { receiver } = createWatched()
    expect(() => receiver.on([], () => {})).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})

describe('an event of a documented type that names no job', () => {
  const body = { type: 'batch.succeeded', data: {} }

  test('goes to handlers of everything, with a warning', async () => {
    const { receiver, signals } = createWatched()
    const ran: string[] = []
    receiver
      .on('batch.succeeded', () => ran.push('type'))
      .on('batch.*', () => ran.push('family'))
      .on('*', () => ran.push('everything'))
      .onUnhandled(() => ran.push('unhandled'))
    await receiver.receive(staticDelivery({ body }))
    expect(ran).toEqual(['everything'])
    expect(signals[0]).toMatchObject({ type: 'warning', code: 'event_id_missing' })
  })

  test('goes to onUnhandled where nothing handles everything', async () => {
    const { receiver } = createWatched()
    const ran: unknown[] = []
    receiver.on('batch.succeeded', () => ran.push('type')).onUnhandled((event) => ran.push(event.type))
    await receiver.receive(staticDelivery({ body }))
    expect(ran).toEqual(['batch.succeeded'])
  })

  test('is not what isEvent looks for', () => {
    expect(isEvent(parseEvent(JSON.stringify(body)), 'batch.succeeded')).toBe(false)
  })
})
