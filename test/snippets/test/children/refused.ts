// Tries to serve with options that must be refused, and prints the code.
import { argv } from 'node:process'
import { createReceiver } from '@gwh/core'

const [adapter, options = '{}'] = argv.slice(2)
const { serve } = await import(`@gwh/${adapter}`)
const receiver = createReceiver({
  static: { secrets: 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI=' },
})
try {
  await serve(receiver, { port: 0, hostname: '127.0.0.1', ...JSON.parse(options) })
} catch (error) {
  const { code, name } = error as { code?: string; name: string }
  console.log(JSON.stringify(['refused', code ?? name]))
}
