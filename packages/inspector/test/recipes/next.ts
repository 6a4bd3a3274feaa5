type Handler = (request: Request) => Promise<Response>

/** The recipe for Next.js: the exports of a route module. */
export function nextRoute(create: () => Handler) {
  let dashboard: ReturnType<typeof create> | undefined
  // At the first request: `next build` loads this module too, and must not open the queue.
  const handle = (request: Request) => {
    dashboard ??= create()
    return dashboard(request)
  }
  const GET = handle
  const POST = handle
  return { GET, POST }
}
