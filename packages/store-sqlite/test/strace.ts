import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { temporaryFile } from './temporary-file.ts'

/** What a traced process did to a file, in order. */
export type FileCall =
  | { call: 'write'; path: string; position: number; bytes: Uint8Array }
  | { call: 'truncate'; path: string; size: number }
  | { call: 'sync'; path: string }
  | { call: 'delete'; path: string }
  /** A line on standard output. */
  | { call: 'print'; line: string }

const CALLS = 'fsync,fdatasync,pwrite64,pwritev,pwritev2,write,writev,ftruncate,unlink,unlinkat'
const MEGABYTES_64 = 64 * 1024 * 1024

/** Throws an error that says what to install unless `strace` can be run here. */
export function requireStrace(): void {
  if (spawnSync('strace', ['-V']).status === 0) return
  throw new TypeError('These tests watch system calls: install strace (apt-get install strace).')
}

/** Runs a command to its end and returns what it did to files whose path starts with `prefix`. */
export function trace(prefix: string, command: readonly string[]): FileCall[] {
  requireStrace()
  const log = temporaryFile('strace.log')
  const flags = ['-f', '--seccomp-bpf', '-y', '-xx', '-s', '1000000', '-o', log, '-e', `trace=${CALLS}`]
  execFileSync('strace', [...flags, ...command], {
    maxBuffer: MEGABYTES_64,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return joinResumed(readFileSync(log, 'latin1').split('\n')).flatMap((line) => parseLine(line, prefix))
}

/**
 * Joins calls that strace split because another thread ran meanwhile: a write at its beginning, because its bytes may
 * be in the file from then on, a sync at its end, because only then are they on the disk.
 */
function joinResumed(lines: readonly string[]): string[] {
  const begun = new Map<string, string>()
  return lines.flatMap((line) => {
    const [thread = ''] = line.split(' ', 1)
    const unfinished = / <unfinished \.\.\.>$/.exec(line)
    if (unfinished) {
      const start = line.slice(0, unfinished.index)
      begun.set(thread, start)
      return /^\d+ +f(data)?sync/.test(start) ? [] : [`${start}) = 0`]
    }
    if (!line.includes(' resumed>')) return [line]
    const start = begun.get(thread) ?? ''
    return /^\d+ +f(data)?sync/.test(start) && line.endsWith('= 0') ? [`${start}) = 0`] : []
  })
}

function parseLine(line: string, prefix: string): FileCall[] {
  const [, name = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? []
  // A call that failed changed nothing, and a sync that failed proves nothing.
  if (/= -1 /.test(rest)) return []
  if (name.startsWith('unlink')) {
    const deleted = fromHex(/"([^"]*)"/.exec(rest)?.[1] ?? '').toString()
    return deleted.startsWith(prefix) ? [{ call: 'delete', path: deleted }] : []
  }
  const [, descriptor, hex = ''] = /^(\d+)<([^>]*)>/.exec(rest) ?? []
  const path = fromHex(hex).toString()
  if (descriptor === '1' && name.startsWith('write')) return parsePrint(rest)
  return path.startsWith(prefix) ? parseFileCall(name, path, rest) : []
}

function parsePrint(rest: string): FileCall[] {
  const text = Buffer.concat([...rest.matchAll(/"([^"]*)"/g)].map(([, hex = '']) => fromHex(hex)))
  const lines = text.toString().split('\n')
  return lines.filter(Boolean).map((line) => ({ call: 'print', line }))
}

function parseFileCall(name: string, path: string, rest: string): FileCall[] {
  if (name === 'fsync' || name === 'fdatasync') return [{ call: 'sync', path }]
  const [, number] = /, (\d+)\) += \d+/.exec(rest) ?? []
  if (name === 'ftruncate') return [{ call: 'truncate', path, size: Number(number) }]
  if (name === 'pwrite64') {
    const bytes = fromHex(/"([^"]*)"/.exec(rest)?.[1] ?? '')
    return [{ call: 'write', path, position: Number(number), bytes }]
  }
  throw new TypeError(`the oracle does not know how ${name} changes ${path}`)
}

/** The bytes of `\x2f\x74…`. */
function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}
