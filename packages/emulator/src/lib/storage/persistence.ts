/** A record as it is on file. */
export interface StoredRow {
  readonly id: string
  readonly json: string
}

/** Where records outlive the process. All methods are synchronous, so that a change is on file when it returns. */
export interface Persistence {
  /** The kinds of record on file. */
  kinds(): Iterable<string>
  /** The records of a kind, in the order they were first stored. */
  load(kind: string): Iterable<StoredRow>
  /** The error of what {@link load} returned and cannot be used; names the file, the table and the row, if it is one. */
  damaged(kind: string, id: string | undefined, why: string): Error
  write(kind: string, id: string, record: object): void
  remove(kind: string, id: string): void
  removeAll(kind: string): void
  begin(): void
  commit(): void
  /** Takes back what was written since {@link begin}. Never throws. */
  rollback(): void
  close(): void
}

/** Keeps nothing: records live and end with the process. */
export const noPersistence: Persistence = {
  kinds: () => [],
  load: () => [],
  damaged: (kind, id, why) => new TypeError(`${kind} ${id}: ${why}`),
  write() {},
  remove() {},
  removeAll() {},
  begin() {},
  commit() {},
  rollback() {},
  close() {},
}
