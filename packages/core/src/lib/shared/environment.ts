interface Environment {
  process?: { env?: Readonly<Record<string, string | undefined>> }
  Deno?: { permissions?: { querySync?(wanted: { name: 'env'; variable: string }): { state: string } } }
}

/**
 * An environment variable; `undefined` where there is none, or no environment to read.
 *
 * Never asks for a permission: on Deno a variable that may not be read counts as absent.
 */
export function readVariable(name: string): string | undefined {
  try {
    const { Deno, process } = globalThis as Environment
    const permission = Deno?.permissions?.querySync?.({ name: 'env', variable: name })
    return permission && permission.state !== 'granted' ? undefined : process?.env?.[name]
  } catch {
    return undefined
  }
}

/** Whether this process runs in production, which `NODE_ENV` says. */
export function isProduction(): boolean {
  return readVariable('NODE_ENV') === 'production'
}
