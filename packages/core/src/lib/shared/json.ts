import { findJsonFlaw, type JsonFlaw } from './json-guard.ts'

/** A JSON document that has been read, and what is wrong with it although it parses. */
export interface ReadJson {
  value: unknown
  flaw: JsonFlaw | undefined
}

// A byte order mark was signed but is no JSON: it must not be dropped on the way.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads JSON from bytes that must be UTF-8; `undefined` for anything else. The one place where parsing throws. */
export function readJson(body: Uint8Array | string): ReadJson | undefined {
  try {
    const text = typeof body === 'string' ? body : decoder.decode(body)
    const value: unknown = JSON.parse(text)
    return { value, flaw: findJsonFlaw(text, value) }
  } catch {
    return undefined
  }
}
