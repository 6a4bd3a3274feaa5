import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { maskSecret } from '../shared/mask.ts'

// What people put into user_metadata although it is stored and shown.
const SENSITIVE = /token|secret|password|passwd|credential|authorization|api_?key/i
// Signing secrets and keys of Google's APIs, wherever they are.
const SECRETS = /whsec_[\w+/=-]{8,}|AIza[\w-]{20,}/g

/** A copy of a JSON value in which tokens and secrets are masked. */
export function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map(maskValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, maskField(name, field)]))
}

/** A text in which secrets are masked. */
export function maskText(text: string): string {
  return text.replace(SECRETS, maskSecret)
}

function maskField(name: string, field: unknown): unknown {
  const isSecret = name === JOB_TOKEN_FIELD || SENSITIVE.test(name)
  return isSecret && typeof field === 'string' ? '***' : maskValue(field)
}
