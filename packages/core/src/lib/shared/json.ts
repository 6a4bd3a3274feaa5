import { findJsonFlaw, type JsonFlaw } from './json-guard.ts'

/** A parsed JSON document, and its flaw if it is unsafe. */
export interface ReadJson {
  value: unknown
  flaw: JsonFlaw | undefined
}

// JSON must not start with a byte order mark, so the decoder keeps it and parsing fails.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Parses JSON in UTF-8; `undefined` if it is not valid. Never throws. */
export function readJson(body: Uint8Array | string): ReadJson | undefined {
  try {
    const text = typeof body === 'string' ? body : decoder.decode(body)
    const value: unknown = JSON.parse(text)
    return { value, flaw: findJsonFlaw(text, value) }
  } catch {
    return undefined
  }
}
