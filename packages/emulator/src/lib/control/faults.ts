import { Hono } from 'hono'
import type { FaultRules } from '../faults/rules.ts'
import { notFound, readFields } from '../http/body.ts'

/** Serves `/_gwh/faults`. */
export function faultsApi(faults: FaultRules): Hono {
  return new Hono()
    .get('/', (c) => c.json({ faults: faults.list() }))
    .post('/', async (c) => c.json(faults.add(await readFields(c.req.raw))))
    .delete('/', (c) => {
      faults.clear()
      return c.json({})
    })
    .delete('/:id', (c) => {
      if (!faults.clear(c.req.param('id'))) throw notFound('Fault')
      return c.json({})
    })
}
