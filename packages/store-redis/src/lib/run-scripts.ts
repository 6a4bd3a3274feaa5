import type { SendCommand } from './redis-like.ts'

/** Runs one of several scripts on keys, in one atomic step. */
export type RunScript<Name extends string> = (
  name: Name,
  keys: readonly [string, ...string[]],
  args: readonly string[],
  signal?: AbortSignal,
) => Promise<unknown>

/** Runs scripts by their digest, or by their text if Redis does not have them: it is new, restarted or flushed. */
export function createScripts<Name extends string>(
  send: SendCommand,
  scripts: Readonly<Record<Name, string>>,
): RunScript<Name> {
  const digests = new Map<string, Promise<string>>()
  const digestOf = (script: string) => {
    const digest = digests.get(script) ?? sha1(script)
    digests.set(script, digest)
    return digest
  }
  return async (name, keys, args, signal) => {
    const script = scripts[name]
    const [key] = keys
    const rest = [String(keys.length), ...keys, ...args]
    const digest = await digestOf(script)
    try {
      return await send(key, ['EVALSHA', digest, ...rest], signal)
    } catch (error) {
      // The caller has given up, so the script must not run late.
      if (!isUnknownScript(error) || signal?.aborted) throw error
      return await send(key, ['EVAL', script, ...rest], signal)
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
