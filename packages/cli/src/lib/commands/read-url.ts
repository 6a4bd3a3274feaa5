import { InvalidArgumentError } from 'commander'

/** Reads the value of an option or argument that is an HTTP URL. */
export function readUrl(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text
  throw new InvalidArgumentError('An http or https URL is needed.')
}

/** The same for an option with several values: adds one to those before it. */
export function collectUrl(text: string, urls: readonly string[] = []): readonly string[] {
  return [...urls, readUrl(text)]
}
