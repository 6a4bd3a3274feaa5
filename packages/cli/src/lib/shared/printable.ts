// Controls, such as the escape character, and invisible formats, such as those that reverse the direction of text.
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Makes one line of a text from outside, which may hold what controls a terminal or forges another line. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(DANGEROUS, '?')
}

/** Writes a value as JSON on one line, with everything escaped that could control a terminal. */
export function toPrintableJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(DANGEROUS, (character) =>
    // One escape for each UTF-16 unit.
    character.split('').map(escapeUnit).join(''),
  )
}

const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
