// Serves a receiver for every kind of signature, with the given keys, and prints its URL.
import { createReceiver } from '@gwh/core'
import { serve } from '@gwh/node'

const { secret, ...dynamic } = JSON.parse(process.argv[2]!)
const receiver = createReceiver({ static: { secrets: () => secret }, dynamic })
receiver.onUnhandled(() => {})
const { url } = await serve(receiver, { port: 0, hostname: '127.0.0.1' })
console.log(url)
