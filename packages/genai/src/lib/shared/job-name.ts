import { invalid } from './options.ts'

/** What runs a job. */
export type JobKind = 'batch' | 'interaction' | 'video'

/** A job: its name or id, or what the SDK's call returned, which has one of them. */
export type JobLike = string | { readonly name?: string | undefined } | { readonly id?: string | undefined }

/**
 * Returns the name that the API uses for a job: `batches/…`, `models/…/operations/…`, or the id of an interaction.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toJobName(job: JobLike): string {
  const { name, id } = Object(job) as { name?: unknown; id?: unknown }
  const found = typeof job === 'string' ? job : (name ?? id)
  if (typeof found !== 'string' || found.trim() === '') throw invalid('a job must have a name or an id')
  // Jobs of names that end alike would share one row of a ledger.
  if (toShortId(found).trim() === '') throw invalid('the name of a job must not end with a slash')
  return found
}

/**
 * Returns the id of a job in a ledger: its kind and the last part of its name. Jobs of different kinds may share the last
 * part.
 */
export function toLedgerId(kind: JobKind, name: string): string {
  return `${kind}/${toShortId(name)}`
}

/**
 * Returns the last part of a name. It is the same wherever the job appears: events and the API write a job as `x`,
 * `batches/x` or `models/m/operations/x`.
 */
export function toShortId(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** What runs the job of this name. */
export function toJobKind(name: string): JobKind {
  if (name.startsWith('batches/')) return 'batch'
  return /(?:^|\/)operations\//.test(name) ? 'video' : 'interaction'
}
