/**
 * A `fetch` that loses the first answer to a delivery of one scheme: the receiver has the delivery, and the sender does
 * not know. What follows is real: a retry, and a receiver that recognises it.
 */
export function loseFirstAnswer(scheme: 'static' | 'dynamic', say: (text: string) => void): typeof fetch {
  const tag = scheme === 'static' ? 'v1,' : 'v1a,'
  let lost = false
  return async (input, init) => {
    const response = await fetch(input, init)
    const signature = new Headers(init?.headers).get('webhook-signature') ?? ''
    if (lost || !signature.startsWith(tag)) return response
    lost = true
    await response.body?.cancel()
    say('this answer is lost on its way back, on purpose')
    throw new TypeError('the answer was lost')
  }
}
