import { ResultError, ResultUnavailableError, toResultError } from '../shared/errors.ts'
import { untilAborted } from '../shared/until-aborted.ts'
import { withoutKey } from '../shared/without-key.ts'
import { isApiClient, openFile } from './open-file.ts'

/**
 * Opens a file of the Gemini API as a stream.
 *
 * @param file `files/…`
 */
export type FetchFile = (file: string, signal?: AbortSignal) => Promise<ReadableStream<Uint8Array>>

/**
 * Returns the function that downloads files with a client: its key, base URL, API version, headers and `fetch`.
 *
 * `client.files.download` writes to a path on Node and does not exist elsewhere, cuts names such as `files/batch-…` in
 * URLs, and takes the API key along on redirects. This sends the same request and returns the stream of the answer.
 *
 * @throws ResultError `result_unsupported` if the client cannot do that and there is no `fetchFile`
 */
export function toFetchFile(client: object, fetchFile: FetchFile | undefined): FetchFile {
  if (fetchFile)
    return async (file, signal) => await guarded(file, () => fetchFile(file, signal), signal, client)
  return async (file, signal) => {
    const { apiClient } = client as { apiClient?: unknown }
    if (!isApiClient(apiClient)) throw unsupported()
    return await guarded(file, () => openFile(apiClient, file, signal), signal, client)
  }
}

async function guarded(
  file: string,
  open: () => Promise<ReadableStream<Uint8Array>>,
  signal: AbortSignal | undefined,
  client: object,
): Promise<ReadableStream<Uint8Array>> {
  try {
    signal?.throwIfAborted()
    return withSortedErrors(file, await untilAborted(open(), signal), signal, client)
  } catch (error) {
    throw signal?.aborted ? signal.reason : toResultError(file, error, client)
  }
}

/** Passes a stream on, with errors that say whether a retry can help. */
function withSortedErrors(
  file: string,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
  client: object,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          const reason = error instanceof Error ? withoutKey(error, client).message : 'the connection broke'
          const broken = new ResultUnavailableError(
            `${file} could not be read to its end: ${reason}`,
            undefined,
          )
          controller.error(signal?.aborted ? signal.reason : broken)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is read ahead of what is asked for.
    { highWaterMark: 0 },
  )
}

function unsupported(): ResultError {
  return new ResultError('result_unsupported', 'this client cannot download a stream; pass fetchFile')
}
