type Handler = (request: Request) => Promise<Response>

/** The recipe for Next.js: the exports of a route module. */
export function nextRoute(dashboard: Handler) {
  const dynamic = 'force-dynamic'
  const GET = (request: Request) => dashboard(request)
  const POST = (request: Request) => dashboard(request)
  return { dynamic, GET, POST }
}
