import { toRfc3339 } from '../events/envelope.ts'
import type { FileRecord } from '../files/file-record.ts'

/** What files are reached under, also on a laptop: the SDK recognises no other URLs as names of files. */
const GOOGLE_FILES = 'https://generativelanguage.googleapis.com/v1beta/files'

/** Shows a file as the API does (https://ai.google.dev/api/files#File). */
export function showFile(file: FileRecord) {
  return {
    name: `files/${file.id}`,
    displayName: file.displayName,
    mimeType: file.mimeType,
    sizeBytes: String(file.sizeBytes),
    createTime: toRfc3339(file.createdAt),
    updateTime: toRfc3339(file.createdAt),
    expirationTime: toRfc3339(file.expiresAt),
    // The hex digits themselves are encoded once more.
    sha256Hash: btoa(file.sha256),
    uri: fileUri(file),
    downloadUri: file.source === 'GENERATED' ? downloadUri(file) : undefined,
    state: 'ACTIVE',
    source: file.source,
  }
}

/**
 * The URI of a file. A batch's output has none: its name contains a dash, where the SDK cuts a URI, and would then
 * ask for another file.
 */
function fileUri({ id, source }: FileRecord): string | undefined {
  return source === 'GENERATED' && id.includes('-') ? undefined : `${GOOGLE_FILES}/${id}`
}

/** The URI that a generated file's bytes are at. */
export function downloadUri({ id }: Pick<FileRecord, 'id'>): string {
  return `${GOOGLE_FILES}/${id}:download?alt=media`
}
