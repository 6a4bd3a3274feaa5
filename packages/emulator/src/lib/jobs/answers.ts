/** Collects every `text` in a request, in reading order. */
export function promptText(value: unknown): string {
  return [...texts(value)].join(' ')
}

function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const part of value) yield* texts(part)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner !== 'string' || name === 'text') yield* texts(inner)
    }
  }
}

/** Invents the model's answer: the same for the same prompt, and plainly not a model's. */
export function inventAnswer(prompt: string): string {
  return `Echo: ${prompt}`
}

/** Counts tokens the way a rule of thumb does: four characters each. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4)
}
