import { toLine } from './log-line.ts'
import type { ReceiverObserver } from './observer.ts'

/**
 * Creates an observer that logs one line per signal: what happened, to which delivery, with which code, and why.
 *
 * A line contains no signature and no payload, but the text of a handler's error.
 *
 * @param print Called with each line, without a line break. Default `console.log`
 * @example
 * ```ts
 * const receiver = createReceiver({ static: { secrets }, observer: createLogObserver() })
 * ```
 */
export function createLogObserver(print: (line: string) => void = console.log): ReceiverObserver {
  return (signal) => print(toLine(signal))
}
