import { Hono } from 'hono'
import { notFound, readFields } from '../http/body.ts'
import { readScenario } from '../jobs/scenarios.ts'
import type { EmulatorState } from '../state/state.ts'

/** Serves `/_gwh/scenarios`. */
export function scenariosApi({ scenarios }: EmulatorState): Hono {
  return new Hono()
    .get('/', (c) => c.json({ scenarios: scenarios.list() }))
    .post('/', async (c) => c.json({ id: scenarios.add(readScenario(await readFields(c.req.raw))) }))
    .delete('/:id', (c) => {
      if (!scenarios.remove(c.req.param('id'))) throw notFound('Scenario')
      return c.json({})
    })
}
