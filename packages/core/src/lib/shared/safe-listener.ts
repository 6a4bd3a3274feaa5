/** Wraps an optional listener so that its exceptions and rejections are ignored. */
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
