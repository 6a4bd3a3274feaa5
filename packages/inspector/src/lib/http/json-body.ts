// An action names a delivery or a time; nothing longer is needed.
const MAX_BODY_BYTES = 16 * 1024

/** Reads a small JSON object; `undefined` when the body is anything else. */
export async function readJsonBody(request: Request): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readText(request))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  const reader = request.body?.getReader()
  let text = ''
  let bytes = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel()
      throw new RangeError('the body is too long')
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}
