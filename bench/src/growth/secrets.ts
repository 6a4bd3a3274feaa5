// What verification costs with more secrets, signed with the last of them.
import { createVerifier } from '@gwh/core'
import { measureCpu } from '../cpu-table.ts'
import { makeBody, SECRET, signedStatic } from '../deliveries.ts'
import type { Growth } from './growth.ts'

const COUNTS = [1, 2, 4, 8]

export async function growSecrets(rounds: number): Promise<Growth> {
  const delivery = signedStatic(makeBody(300))
  const contenders = COUNTS.map((count) => {
    const others = Array.from(
      { length: count - 1 },
      (_, index) => `whsec_${Buffer.alloc(32, index + 1).toString('base64')}`,
    )
    const verifier = createVerifier({ secrets: [...others, SECRET], toleranceSeconds: 3_600 })
    return {
      name: `${count}`,
      async run(times: number) {
        for (let index = 0; index < times; index++) await verifier.verify(delivery)
      },
    }
  })
  const measured = await measureCpu({ id: 'secrets', title: '', contenders }, rounds)
  return {
    id: 'growth-secrets',
    title: 'CPU time to verify a delivery of 300 B that the last secret signed, by secrets',
    unit: 'µs',
    of: 'secrets',
    at: COUNTS.map(String),
    lines: [{ name: '@gwh/core createVerifier', values: measured.map(({ leastUs }) => leastUs) }],
  }
}
