const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Whether a URL leads to this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.test(new URL(url).hostname)
}

const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']
const NAMES = ['localhost', '127.0.0.1', '[::1]']

/**
 * Keeps requests to this machine away from proxies, which could read the control token: adds its names to `no_proxy`
 * and `NO_PROXY` when a proxy is set. The programs that we start inherit it. Call it before the first `fetch`: Node
 * looks at these variables then.
 *
 * @see https://nodejs.org/api/cli.html#node_use_env_proxy1
 */
export function bypassProxies(env: NodeJS.ProcessEnv): void {
  if (!PROXIES.some((name) => env[name])) return
  // The small letters count first, as Node has it.
  const exceptions = env.no_proxy ?? env.NO_PROXY
  if (exceptions === '*') return
  const value = [...(exceptions ? [exceptions] : []), ...NAMES].join(',')
  Object.assign(env, { no_proxy: value, NO_PROXY: value })
}
