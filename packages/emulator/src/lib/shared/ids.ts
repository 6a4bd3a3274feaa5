const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

// The largest multiple of the alphabet's size in a byte: bytes above it would favour the first letters.
const FAIR_BYTES = 252

/** Makes `length` random characters of [a-z0-9]. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < FAIR_BYTES && text.length < length) text += ALPHABET[byte % ALPHABET.length]
    }
  }
  return text
}

/** Makes the id of a webhook or a batch: 36 characters of [a-z0-9], as real ones are. */
export function newResourceId(): string {
  return randomText(36)
}

/** Makes an interaction's id: `v1_` and text that means nothing to the caller. */
export function newInteractionId(): string {
  return `v1_${randomText(32)}`
}

/** Makes a delivery's `webhook-id`, in the form seen on live dynamic deliveries. */
export function newWebhookId(): string {
  return `msg_${crypto.randomUUID()}`
}
