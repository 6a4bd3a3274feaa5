// What the servers use of Bun and Deno; their own types would change those of Node.
type Serve = (request: Request) => Response | Promise<Response>

declare const Bun: {
  serve(options: { port: number; hostname: string; fetch: Serve }): { port: number }
}

declare const Deno: {
  serve(
    options: { port: number; hostname: string; onListen(at: { port: number }): void },
    handler: Serve,
  ): void
}
