/** Calls a listener whose own mistakes, now or later, reach nobody: it watches, it takes no part. */
export function safeListener<T>(listener: ((value: T) => unknown) | undefined): (value: T) => void {
  return (value) => {
    try {
      const later = listener?.(value)
      if (later instanceof Promise) later.catch(() => {})
    } catch {
      // A broken logger must not turn an accepted delivery into a failed one.
    }
  }
}
