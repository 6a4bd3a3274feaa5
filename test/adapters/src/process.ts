// How a server process learns what to serve, and says where it listens.
import process from 'node:process'
import { createSubject, PATH, type Subject } from './subject.ts'

export const receiver = createSubject(process.argv.at(-1) as Subject)

// Ends with whoever started it, however that ended.
process.stdin.on('end', () => process.exit()).resume()

export function listening(port: number, path = PATH): void {
  console.log(JSON.stringify({ port, path }))
}
