/** What files are reached under, also on a laptop: the SDK recognises no other URLs as names of files. */
const GOOGLE_FILES = 'https://generativelanguage.googleapis.com/v1beta/files'

/** The URI of a file, which requests refer to it by. */
export function fileUri(id: string): string {
  return `${GOOGLE_FILES}/${id}`
}

/** The URI that a generated file's bytes are at. */
export function downloadUri(id: string): string {
  return `${fileUri(id)}:download?alt=media`
}
