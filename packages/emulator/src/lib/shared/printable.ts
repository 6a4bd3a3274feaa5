// Control characters, among them those that steer a terminal, and invisible ones, among them those that reverse text.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Whether a text has nothing in it that is not shown, or that changes how the rest is shown. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) < 0
}

/** Writes what {@link isPrintable} refuses as its code point; every text of the emulator's own goes through it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
