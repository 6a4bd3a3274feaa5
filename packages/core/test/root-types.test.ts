import { expectTypeOf, test } from 'vitest'
import type { DeliveryQueue, IdempotencyStore } from '../src/index.ts'
import { createMemoryQueue, createMemoryStore } from '../src/index.ts'
import type { DeliveryQueue as Queue } from '../src/queue.ts'
import type { IdempotencyStore as Store } from '../src/store.ts'

test('the root entry point has the types of what createReceiver takes as queue and store', () => {
  expectTypeOf<DeliveryQueue>().toEqualTypeOf<Queue>()
  expectTypeOf<IdempotencyStore>().toEqualTypeOf<Store>()
  expectTypeOf(createMemoryQueue).returns.toExtend<DeliveryQueue>()
  expectTypeOf(createMemoryStore).returns.toExtend<IdempotencyStore>()
})
