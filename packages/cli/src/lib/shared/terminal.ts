import picocolors from 'picocolors'

/** Where a command writes. Results go to standard output, everything else to standard error. */
export interface Terminal {
  /** Writes one line of the result. */
  out(line?: string): void
  /** Writes one line for a person to read beside the result. */
  note(line?: string): void
  /** Writes the result as JSON; several make one document per line. */
  json(value: unknown): void
  /** Colours for standard output: none if it is not a terminal or `NO_COLOR` is set. */
  readonly colors: ReturnType<typeof picocolors.createColors>
}

/** Creates a terminal on the process's streams. */
export function createTerminal(): Terminal {
  return {
    out: (line = '') => void process.stdout.write(`${line}\n`),
    note: (line = '') => void process.stderr.write(`${line}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    colors: picocolors.createColors(picocolors.isColorSupported && process.stdout.isTTY),
  }
}
