// react-router.ts: app/routes/webhooks.gemini.ts
import type { ActionFunctionArgs } from 'react-router'
import { receiver } from './receiver.ts'

export const action = ({ request }: ActionFunctionArgs) => receiver.fetch(request)
