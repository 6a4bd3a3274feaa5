import { ResultUnavailableError } from '../shared/errors.ts'

/** Passes bytes on, and checks them on the way. */
export interface ByteCheck {
  /** Takes the next bytes, and throws if they cannot belong to the file. */
  take(chunk: Uint8Array): void
  /** Throws if the file is not complete. */
  end(): Promise<void> | void
}

/** Passes a stream on; it fails at its end, or before, if a check does. */
export function checked(body: ReadableStream<Uint8Array>, check: ByteCheck): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (!done) {
          check.take(value)
          return controller.enqueue(value)
        }
        await check.end()
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is read ahead of what is asked for.
    { highWaterMark: 0 },
  )
}

/**
 * Checks the size of a file.
 *
 * @param findSize Finds out how many bytes the file has, after the last one; `undefined` if that is not known
 */
export function sizeCheck(file: string, findSize: () => Promise<number | undefined>): ByteCheck {
  let size = 0
  return {
    take(chunk) {
      size += chunk.length
    },
    async end() {
      if (size === 0) throw cut(`${file} arrived empty`)
      const expected = await findSize()
      if (expected !== undefined && expected !== size)
        throw cut(`${file} arrived with ${size} of ${expected} bytes`)
    },
  }
}

/** The error for a file of which a part arrived, or something else; a retry can succeed. */
export function cut(message: string): ResultUnavailableError {
  return new ResultUnavailableError(message, undefined)
}
