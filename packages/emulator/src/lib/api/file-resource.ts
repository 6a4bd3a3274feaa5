import { toRfc3339 } from '../events/envelope.ts'
import type { FileRecord } from '../files/file-record.ts'
import { downloadUri, fileUri } from '../files/file-uris.ts'

/** Shows a file as the API does (https://ai.google.dev/api/files#File). */
export function showFile(file: FileRecord) {
  const { id, source } = file
  return {
    name: `files/${id}`,
    displayName: file.displayName,
    mimeType: file.mimeType,
    sizeBytes: String(file.sizeBytes),
    createTime: toRfc3339(file.createdAt),
    updateTime: toRfc3339(file.createdAt),
    expirationTime: toRfc3339(file.expiresAt),
    // The hex digits themselves are encoded once more.
    sha256Hash: btoa(file.sha256),
    uri: hasUri(file) ? fileUri(id) : undefined,
    downloadUri: source === 'GENERATED' ? downloadUri(id) : undefined,
    state: 'ACTIVE',
    source,
  }
}

/**
 * Whether a file is shown with a URI. A batch's output is not: the SDK cuts a URI at the dash in its name, and would
 * ask for another file. Without one it uses the name.
 */
function hasUri({ id, source }: FileRecord): boolean {
  return source === 'UPLOADED' || !id.includes('-')
}
