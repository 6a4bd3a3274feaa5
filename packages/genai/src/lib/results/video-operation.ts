import type { JobClient, VideoOperationLike, VideoOperationReader } from '../shared/client.ts'

/**
 * Reads a video operation as the API sends it.
 *
 * The SDK asks for an instance of its `GenerateVideosOperation`, of which it uses the name and one method. Giving it
 * just these keeps `@google/genai` out of the imports of this package.
 */
export async function readVideoOperation(
  { operations }: Pick<JobClient, 'operations'>,
  name: string,
  abortSignal: AbortSignal,
): Promise<VideoOperationLike> {
  const operation: VideoOperationReader = {
    name,
    _fromAPIResponse: ({ apiResponse }: { apiResponse: unknown }) => apiResponse,
  }
  return Object(
    await operations.getVideosOperation({ operation, config: { abortSignal } }),
  ) as VideoOperationLike
}
