import { GenerateVideosOperation } from '@google/genai'

const ENDED = ['JOB_STATE_SUCCEEDED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED', 'JOB_STATE_EXPIRED']
/** The usual loop: asks for each open job. What it is answered holds the result too. */
export async function pollEach(deps, everyMs) {
  const open = new Set(await deps.startJobs())
  return poller(everyMs, async () => {
    await Promise.all([...open].map((name) => handleIfEnded(name, open, deps)))
  })
}
/** The best loop there is: one request for all batches. Interactions and videos have no list. */
export async function pollAll(deps, everyMs) {
  const open = new Set(await deps.startJobs())
  return poller(everyMs, async () => {
    const others = [...open].filter((name) => !name.startsWith('batches/'))
    for await (const { name, state } of await deps.client.batches.list({ config: { pageSize: 100 } })) {
      if (ENDED.includes(String(state)) && open.delete(name)) deps.handled(name)
    }
    await Promise.all(others.map((name) => handleIfEnded(name, open, deps)))
  })
}
function poller(everyMs, poll) {
  return {
    tick: async (now) => void (now % everyMs === 0 && (await poll())),
    stop: async () => {},
  }
}
async function handleIfEnded(name, open, deps) {
  if ((await hasEnded(name, deps)) && open.delete(name)) deps.handled(name)
}
async function hasEnded(name, { client }) {
  if (name.startsWith('batches/')) return ENDED.includes(String((await client.batches.get({ name })).state))
  if (!name.includes('/')) return (await client.interactions.get(name)).status === 'completed'
  const operation = Object.assign(new GenerateVideosOperation(), { name })
  return (await client.operations.getVideosOperation({ operation })).done === true
}
