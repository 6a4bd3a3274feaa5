import { createCronHandler } from '@gwh/next'
import { gemini } from '../../../lib/gemini'

export const { GET } = createCronHandler(() => gemini().receiver, { secret: () => process.env.CRON_SECRET })
