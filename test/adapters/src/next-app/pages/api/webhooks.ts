import { createApiHandler } from '@gwh/next'
import { createSubject, type Subject } from '../../../subject'

export default createApiHandler(() => createSubject(process.env.SUBJECT as Subject))
export const config = { api: { bodyParser: false } }
