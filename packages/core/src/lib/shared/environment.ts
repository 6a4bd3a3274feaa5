interface Environment {
  process?: { env?: Readonly<Record<string, string | undefined>> }
  Deno?: { permissions?: { querySync?(wanted: { name: 'env'; variable: string }): { state: string } } }
}

/**
 * Reads an environment variable; `undefined` if it is not set or the runtime has no environment.
 *
 * Never prompts for a permission: on Deno a variable without read permission counts as not set.
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

/** Whether `NODE_ENV` is `production`. */
export function isProduction(): boolean {
  return readVariable('NODE_ENV') === 'production'
}
