import { Block } from '../ui/parts.tsx'

const { origin } = location

const VARIABLES = `GOOGLE_GEMINI_BASE_URL=${origin}
GEMINI_API_KEY=any
GWH_JWKS_URL=${origin}/.well-known/jwks.json
# Under Webhooks, Rotate shows a secret once; gwh dev keeps it in .gwh/env.
GEMINI_WEBHOOK_SECRET=whsec_…`

const RECEIVER = `import { createReceiver } from '@gwh/core'
import { serve } from '@gwh/node'

const receiver = createReceiver({
  static: { secrets: process.env.GEMINI_WEBHOOK_SECRET },
  dynamic: { jwks: process.env.GWH_JWKS_URL, allowAnyJob: true },
})
receiver.on('batch.*', (event) => console.log(event.type, event.id))

await serve(receiver, { port: 3000 })`

const CLIENT = `import { GoogleGenAI } from '@google/genai'

const ai = new GoogleGenAI({}) // reads GOOGLE_GEMINI_BASE_URL and GEMINI_API_KEY
await ai.batches.create({
  model: 'gemini-3.8-flash',
  src: [{ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }],
})`

const TERMINAL = `gwh init                    # writes a receiver for the framework in package.json
gwh dev -- node server.js   # this emulator, and your program pointed at it
gwh trigger batch.succeeded # a signed event reaches your receiver
gwh doctor http://127.0.0.1:3000/webhooks/gemini`

/** The lines to paste. */
export function Setup() {
  return (
    <>
      <h1>Setup</h1>
      <section>
        <h2>1. Variables</h2>
        <p>For the program that calls Gemini, and for the receiver.</p>
        <Block text={VARIABLES} label="the variables" />
      </section>
      <section>
        <h2>2. A receiver</h2>
        <Block text={RECEIVER} label="the receiver" />
      </section>
      <section>
        <h2>3. A job</h2>
        <p>The Gemini client as it comes from npm.</p>
        <Block text={CLIENT} label="the job" />
      </section>
      <section>
        <h2>In a terminal</h2>
        <Block text={TERMINAL} label="the commands" />
      </section>
    </>
  )
}
