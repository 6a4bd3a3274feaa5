import type { ChainableCommander, Redis } from 'ioredis'

/** How many commands of one caller Redis is sent before it has answered: others wait behind that many at most. */
export const CHUNK_COMMANDS = 250

/** Calls `read` with a chunk after the other, and joins what it returns. A chunk begins when the last one was answered. */
export async function inChunks<T, R>(
  entries: readonly T[],
  size: number,
  read: (chunk: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const joined: R[] = []
  for (let start = 0; start < entries.length; start += size) {
    for (const one of await read(entries.slice(start, start + size))) joined.push(one)
  }
  return joined
}

/** Sends one command for each entry, in chunks of one write each, and resolves to the replies. */
export async function pipelined<T>(
  client: Redis,
  entries: readonly T[],
  add: (pipeline: ChainableCommander, entry: T) => unknown,
): Promise<unknown[]> {
  return await inChunks(entries, CHUNK_COMMANDS, async (chunk) => {
    const pipeline = client.pipeline()
    for (const entry of chunk) add(pipeline, entry)
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, reply]) => {
      if (error) throw error
      return reply
    })
  })
}
