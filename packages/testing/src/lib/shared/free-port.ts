import { createServer } from 'node:net'

// Below the ports that Linux gives to outgoing connections, and to servers that ask for port 0: a server
// that starts on the port a moment later must still find it free.
const LOWEST = 20_000
const HIGHEST = 32_000

/** Finds a free port of the loopback interface, for a process that needs a fixed port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
