import { useEffect, useState } from 'preact/hooks'
import { encodePart } from '../text/format.ts'

/** Where the page is: the parts of the fragment, decoded. `#/deliveries/msg_1` is `['deliveries', 'msg_1']`. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(readRoute)
  useEffect(() => {
    const update = () => setRoute(readRoute())
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return route
}

/** The fragment that leads to a screen. */
export function linkTo(...parts: readonly string[]): string {
  return `#/${parts.map(encodePart).join('/')}`
}

/** Goes to a screen. */
export function goTo(...parts: readonly string[]): void {
  location.hash = linkTo(...parts)
}

function readRoute(): string[] {
  return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
