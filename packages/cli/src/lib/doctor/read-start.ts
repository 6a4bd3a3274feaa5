/** Reads the text of an answer up to about `longest` characters: a body may be endless. */
export async function readStart({ body }: Response, longest: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longest) break
  }
  return text
}
