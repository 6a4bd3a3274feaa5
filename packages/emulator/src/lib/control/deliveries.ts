import { Hono } from 'hono'
import { notFound, readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'
import { recordedTest } from './recorded-test.ts'
import { redeliver } from './redeliver.ts'
import { resend } from './resend.ts'
import { searchDeliveries } from './search.ts'
import { explainSignature, signNow } from './signature.ts'

/** Serves `/_gwh/deliveries`. */
export function deliveriesApi(state: EmulatorState): Hono {
  return new Hono()
    .get('/', (c) => c.json({ deliveries: state.sender.snapshots() }))
    .get('/search', (c) => c.json(searchDeliveries(state, c.req.query())))
    .get('/:id', (c) => c.json(findSnapshot(state, c.req.param('id'))))
    .get('/:id/attempts/:attempt/signature', async (c) =>
      c.json(await explainSignature(state, c.req.param('id'), Number(c.req.param('attempt')))),
    )
    .get('/:id/request', async (c) => c.json(await signNow(state, c.req.param('id'))))
    .get('/:id/test', (c) => c.json({ text: toTest(findSnapshot(state, c.req.param('id'))) }))
    .post('/:id/redeliver', (c) => c.json(redeliver(state, c.req.param('id'))))
    .post('/:id/resend', async (c) => c.json(resend(state, c.req.param('id'), await readFields(c.req.raw))))
}

function findSnapshot({ sender }: EmulatorState, id: string): DeliverySnapshot {
  const snapshot = sender.snapshot(id)
  if (snapshot === undefined) throw notFound(`Delivery '${id}'`)
  return snapshot
}

function toTest(snapshot: DeliverySnapshot): string {
  if (snapshot.state !== 'pending') return recordedTest([snapshot])
  throw new RequestFault('invalid_request', 'A delivery becomes a test once it has ended.')
}
