/** Where records outlive the process. All methods are synchronous, so that a change is on file when it returns. */
export interface Persistence {
  /** The kinds of record on file. */
  kinds(): Iterable<string>
  /** The records of a kind as JSON, in the order they were first stored. */
  load(kind: string): Iterable<string>
  write(kind: string, id: string, record: object): void
  remove(kind: string, id: string): void
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
  write() {},
  remove() {},
  begin() {},
  commit() {},
  rollback() {},
  close() {},
}
