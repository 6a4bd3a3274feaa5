import { WebhookError } from '@gwh/core/errors'
import type { IRedisTransaction } from 'bullmq'
import type { Redis } from 'ioredis'

/** A script that contains one of BullMQ's and does something more in the same atomic step. */
export interface ScriptWrapper {
  /** Names the commands that run wrapped scripts. */
  name: string
  /** Makes the wrapped script; the last entries of `ARGV` are ours. */
  wrap(lua: string): string
}

/** A script that ioredis has loaded. */
interface LoadedScript {
  lua: string
  numberOfKeys: number
}

/** The commands that ioredis defines for scripts, by name; each takes keys and arguments in one list. */
type Scripted = { scriptsSet: Record<string, LoadedScript> } & Record<
  string,
  (args: unknown[]) => Promise<unknown>
>

/** A wrapped script on a client. */
export interface WrappedScript {
  /** How many of its arguments are keys; they come first, as in BullMQ's script. */
  numberOfKeys: number
  run(args: readonly unknown[]): Promise<unknown>
}

/**
 * The part of a client that BullMQ runs its scripts with. Runs the wrapped form of the script that BullMQ names, with
 * `ours` appended to its arguments: one atomic step and one round trip.
 */
export function wrapScripts(
  client: Redis,
  wrapper: ScriptWrapper,
  ours: readonly (string | number)[],
): IRedisTransaction {
  const runCommand = (script: string, args: unknown[]) =>
    wrapScript(client, wrapper, script).run([...args, ...ours])
  return { runCommand } as unknown as IRedisTransaction
}

/** The wrapped form of the script that BullMQ calls `name`. */
export function wrapScript(client: Redis, { name: ours, wrap }: ScriptWrapper, name: string): WrappedScript {
  const scripted = client as unknown as Scripted
  const wrapped = `gwh:${ours}:${name}`
  const script = scripted.scriptsSet[name]
  if (!script) throw new WebhookError('internal', `BullMQ has no script ${name}`)
  const { lua, numberOfKeys } = script
  if (!scripted[wrapped]) client.defineCommand(wrapped, { lua: wrap(lua), numberOfKeys })
  return { numberOfKeys, run: async (args) => await scripted[wrapped]?.([...args]) }
}
