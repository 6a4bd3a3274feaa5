import { createRouteHandler } from '@gwh/next'
import { gemini } from '../../../lib/gemini'

export const { POST } = createRouteHandler(() => gemini().receiver)
