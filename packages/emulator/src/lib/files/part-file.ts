import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** A point in a {@link PartFile} to go back to. */
export interface Mark {
  readonly size: number
  readonly hash: Hash
}

/** A file while it is written: counts and hashes what goes through, and keeps none of it in memory. */
export class PartFile {
  readonly #handle: FileHandle
  #hash = createHash('sha256')
  #size = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Creates the file, readable by this user only; one of that name must not exist. */
  static async create(path: string): Promise<PartFile> {
    return new PartFile(await open(path, 'wx', 0o600))
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.byteLength; ) {
      const length = chunk.byteLength - written
      written += (await this.#handle.write(chunk, written, length, this.#size + written)).bytesWritten
    }
    this.#hash.update(chunk)
    this.#size += chunk.byteLength
  }

  mark(): Mark {
    return { size: this.#size, hash: this.#hash.copy() }
  }

  /** Forgets what was written since the mark. */
  rewind(mark: Mark): void {
    this.#size = mark.size
    this.#hash = mark.hash
  }

  /** Closes the file and returns the SHA-256 of its bytes, in hex. */
  async finish(): Promise<string> {
    // What a rewind has forgotten is still on disk.
    await this.#handle.truncate(this.#size)
    await this.#handle.close()
    return this.#hash.digest('hex')
  }

  /** Closes the file as it is. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }
}
