import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { until } from './until.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const LEASE_MS = 400

test('a process that was frozen past its lock continues with its delivery, and does not claim it again', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const client = useClient(server)
  const message = queuedDelivery({ key: 'frozen' })
  await queue.enqueue(message)
  const lines: string[] = []
  const child = startChild('./freeze.ts', server.url, String(LEASE_MS))
  onTestFinished(() => void child.process.kill('SIGKILL'))
  child.onLine((line) => lines.push(line))
  await until('it is running', () => lines.length === 1)

  // More than once, because which of its timers wakes up first is a matter of chance.
  for (let freeze = 0; freeze < 3; freeze++) {
    child.process.kill('SIGSTOP')
    await until('its lock has run out', async () => (await client.exists('bull:gwh:gwh-frozen:lock')) === 0)
    child.process.kill('SIGCONT')
    await looks(5)
  }
  child.process.kill('SIGUSR2')
  await until('it is handled', async () => (await queue.stats()).done === 1)
  expect(lines).toEqual(['start 1', 'end 1'])

  /** Waits until the process has checked for lost locks that often. */
  async function looks(count: number): Promise<void> {
    const seen = new Set<string | null>()
    await until(`${count} checks for lost locks`, async () => {
      seen.add(await client.get('bull:gwh:stalled-check'))
      return seen.size > count
    })
  }
})
