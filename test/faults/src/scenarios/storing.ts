import { join } from 'node:path'
import { freePort } from '@gwh/testing'
import type { ScenarioHarness } from '../scenario.ts'
import type { ReceiverSettings } from '../settings.ts'

/** A receiver that only stores, so that what it acknowledged can be counted. */
export async function storing({ folder, secret }: ScenarioHarness, path: string): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'sqlite', path },
    role: 'serve',
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 0,
    leaseMs: 2_000,
    concurrency: 8,
  }
}
