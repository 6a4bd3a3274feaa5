import { toLine } from './log-line.ts'
import type { ReceiverObserver } from './observer.ts'

/**
 * Creates an observer that logs one line per signal: what happened, to which delivery, with which code, and why.
 *
 * A line contains no signature and no payload. It contains a handler's own error as that prints itself.
 *
 * @param print Takes one line, without its end. Default `console.log`
 * @example
 * ```ts
 * const receiver = createReceiver({ static: { secrets }, observer: createLogObserver() })
 * ```
 */
export function createLogObserver(print: (line: string) => void = console.log): ReceiverObserver {
  return (signal) => print(toLine(signal))
}
