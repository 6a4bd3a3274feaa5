import { createReceiver } from '@gwh/core'
import { createJobs, fetchResult } from '@gwh/genai'
import { serve } from '@gwh/node'
/** A receiver behind a real server, whose handlers fetch each result. */
export async function useWebhooks({ google, client, purpose, startJobs, handled }) {
  const clock = google.emulator.clock
  const receiver = createReceiver({
    dynamic: { allowAnyJob: true, jwks: google.jwks },
    now: () => clock.now(),
  })
  const jobs = createJobs({ client, receiver })
  receiver.on('*', async (event) => {
    handled(event.id)
    purpose.result = true
    const result = await fetchResult(event, { client })
    if (result.kind === 'batch') for await (const _ of result);
    purpose.result = false
  })
  const server = await serve(receiver, { port: 0, hostname: '127.0.0.1' })
  for (const name of await startJobs({ uri: server.url })) await jobs.track(name)
  return {
    tick: async () => {},
    async stop() {
      await jobs.close()
      await server.close()
    },
  }
}
