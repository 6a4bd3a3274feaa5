// How a server process gets its settings, and prints where it listens.
import process from 'node:process'
import { createSubject, PATH, type Subject } from './subject.ts'

export const receiver = createSubject(process.argv.at(-1) as Subject)

// Exits when its parent does, however that ends.
process.stdin.on('end', () => process.exit()).resume()

export function listening(port: number, path = PATH): void {
  console.log(JSON.stringify({ port, path }))
}
