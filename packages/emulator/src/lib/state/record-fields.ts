import { z } from 'zod'
import { type Fields, isFields, readHeaders, readStatuses, targetUri } from '../http/fields.ts'

/** The greatest time that a `Date` can show, in epoch milliseconds. */
const MAX_DATE_MS = 8.64e15

/** A time that an API shows, in epoch milliseconds. */
export const time = z.number().min(0).max(MAX_DATE_MS)

/** A whole number from 0. */
export const count = z.int().min(0)

/** The id of a record. */
export const id = z.string().min(1)

/** A JSON object of any content. */
export const fields = z.custom<Fields>(isFields, 'expected object')

/** What `read` takes without throwing. */
export function readable(read: (value: unknown) => unknown) {
  return z.unknown().superRefine((value, context) => {
    try {
      read(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    }
  })
}

/** A URI that a delivery could be sent to. */
export const target = readable((value) => targetUri('uri', value))

/** What a job's webhook config may have in the profile `guide`. */
export const guideFields = {
  requestHeaders: readable(readHeaders).optional(),
  retryOn: readable(readStatuses).optional(),
}
