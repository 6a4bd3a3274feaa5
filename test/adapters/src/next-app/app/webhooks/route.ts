import { createRouteHandler } from '@gwh/next'
import { createSubject, type Subject } from '../../../subject'

export const { POST } = createRouteHandler(() => createSubject(process.env.SUBJECT as Subject))
