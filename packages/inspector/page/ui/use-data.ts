import { useEffect, useRef, useState } from 'preact/hooks'
import { onChange } from '../api/signals.ts'

/** What was read, or why it was not. */
export interface Data<Value> {
  readonly value?: Value
  readonly error?: string
}

/**
 * Reads something now, whenever anything changes, and when `inputs`, which say what is read, change. What was read before
 * stays until then.
 */
export function useData<Value>(read: () => Promise<Value>, inputs: readonly unknown[]): Data<Value> {
  const [data, setData] = useState<Data<Value>>({})
  const reader = useRef(read)
  reader.current = read
  useEffect(() => {
    let isCurrent = true
    // A slow answer must not replace a later one.
    let latest = 0
    const load = () => {
      latest += 1
      const number = latest
      reader.current().then(
        (value) => isCurrent && number === latest && setData({ value }),
        (error: Error) =>
          isCurrent &&
          number === latest &&
          setData(({ value }) => ({ ...(value !== undefined && { value }), error: error.message })),
      )
    }
    load()
    const stop = onChange(load)
    return () => {
      isCurrent = false
      stop()
    }
  }, inputs)
  return data
}
