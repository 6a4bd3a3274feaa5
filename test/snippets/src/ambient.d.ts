// The part of each framework that docs/frameworks.md uses, where the package is too large to install for it.
declare module '@sveltejs/kit' {
  export type RequestHandler = (event: { request: Request }) => Response | Promise<Response>
}

declare module 'astro' {
  export type APIRoute = (context: { request: Request }) => Response | Promise<Response>
}

declare module '@nestjs/core' {
  type Middleware = (
    request: import('node:http').IncomingMessage,
    response: import('node:http').ServerResponse,
    next: () => void,
  ) => void
  interface Application {
    use(middleware: Middleware): this
    listen(port: number): Promise<unknown>
  }
  export const NestFactory: {
    create(module: unknown, options?: { rawBody?: boolean }): Promise<Application>
  }
}
