// For `deno serve`.
import { createReceiver } from '@gwh/core'
import { createDenoHandler } from '@gwh/deno'

const receiver = createReceiver({
  static: { secrets: 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI=' },
})

export default { fetch: createDenoHandler(receiver, { path: '/webhooks/gemini' }) }
