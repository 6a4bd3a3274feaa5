import { writeFileSync } from 'node:fs'
import { query } from './inspect.ts'
import type { FileCall } from './strace.ts'
import { temporaryFile } from './temporary-file.ts'

/** The lines that were printed while bytes of the log had been written but not synced. */
export function printedTooEarly(calls: readonly FileCall[]): string[] {
  let unsynced = false
  return calls.flatMap((call) => {
    if (call.call === 'print') return unsynced ? [call.line] : []
    if (!call.path.endsWith('-wal')) return []
    if (call.call === 'write') unsynced = true
    if (call.call === 'sync') unsynced = false
    return []
  })
}

/** What a disk holds of one file. */
interface Disk {
  /** As of its last sync: what a power cut leaves. */
  synced: Buffer
  /** Written since then, in order. */
  pending: FileCall[]
}

/** The files of a database as a power cut leaves them, replayed from what a process did. */
export class PowerCut {
  readonly #disks = new Map<string, Disk>()

  replay(call: FileCall): void {
    if (call.call === 'print') return
    const disk = this.#disks.get(call.path) ?? { synced: Buffer.alloc(0), pending: [] }
    this.#disks.set(call.path, disk)
    disk.pending.push(call)
    if (call.call === 'sync' || call.call === 'delete') flush(disk, disk.pending.length)
  }

  /**
   * Writes a database and its log to a folder of their own.
   *
   * @param share How much of what was not synced reached the disk anyway, from 0 to 1; the last such write
   *   is cut in half
   */
  save(path: string, share = 0): string {
    const copy = temporaryFile()
    for (const suffix of ['', '-wal']) {
      const disk = this.#disks.get(path + suffix)
      const image = { synced: disk?.synced ?? Buffer.alloc(0), pending: [...(disk?.pending ?? [])] }
      flush(image, Math.floor(image.pending.length * share))
      const [torn] = image.pending
      if (share > 0 && torn?.call === 'write') {
        image.pending = [{ ...torn, bytes: torn.bytes.subarray(0, torn.bytes.length / 2) }]
        flush(image, 1)
      }
      writeFileSync(copy + suffix, image.synced)
    }
    return copy
  }

  /** Writes the commit counter beside a saved database as if all of it had reached the disk, synced or not. */
  saveCommitCounter(path: string, copy: string): void {
    const disk = this.#disks.get(`${path}-acked`)
    const image = { synced: disk?.synced ?? Buffer.alloc(0), pending: [...(disk?.pending ?? [])] }
    flush(image, image.pending.length)
    writeFileSync(`${copy}-acked`, image.synced)
  }
}

function flush(disk: Disk, count: number): void {
  for (const call of disk.pending.splice(0, count)) {
    if (call.call === 'write') disk.synced = write(disk.synced, call.position, call.bytes)
    if (call.call === 'truncate') disk.synced = resize(disk.synced, call.size)
    if (call.call === 'delete') disk.synced = Buffer.alloc(0)
  }
}

function write(image: Buffer, position: number, bytes: Uint8Array): Buffer {
  const grown = Buffer.from(resize(image, Math.max(image.length, position + bytes.length)))
  grown.set(bytes, position)
  return grown
}

function resize(image: Buffer, size: number): Buffer {
  return Buffer.concat([image, Buffer.alloc(Math.max(0, size - image.length))], size)
}

/** The acknowledged keys a database has lost; all of them when it cannot even be read. */
export function lostKeys(path: string, acknowledged: readonly string[]): string[] {
  try {
    const check = query(path, 'PRAGMA integrity_check')
    const stored = new Set(query(path, 'SELECT key FROM gwh_deliveries').map((row) => row.key))
    return check[0]?.integrity_check === 'ok'
      ? acknowledged.filter((key) => !stored.has(key))
      : [...acknowledged]
  } catch {
    return [...acknowledged]
  }
}
