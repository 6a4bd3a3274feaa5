/** What is known of a file besides its bytes (https://ai.google.dev/api/files). */
export interface FileRecord {
  /** The name without `files/`. */
  readonly id: string
  readonly displayName?: string | undefined
  readonly mimeType: string
  readonly sizeBytes: number
  /** The hash of the bytes, in lower-case hex. */
  readonly sha256: string
  /** Whether a client sent it, or a job made it. */
  readonly source: 'UPLOADED' | 'GENERATED'
  /** Epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  /** When it is deleted, in epoch milliseconds of the emulator's clock. */
  readonly expiresAt: number
}

/** What a file is called and holds; without an id it gets one. */
export interface FileAbout {
  readonly id?: string | undefined
  readonly displayName?: string | undefined
  readonly mimeType: string
  readonly source: FileRecord['source']
}

/** Part of a file's bytes; both ends are included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}
