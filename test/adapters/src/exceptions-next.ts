import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** What Next.js does with a request before it asks a route, in both routers. */
export const NEXT: readonly AdapterException[] = [
  {
    cases: raw('refused', ['OPTIONS *', 'target as an asterisk']),
    instead: 'found ["answered 500","accepted"]',
    reason: 'Next.js fails to make a URL of the asterisk, and answers 500; no route is asked',
  },
  {
    cases: [
      ...raw('refused', [
        'target with a slash more in front',
        'target with a slash at its end',
        'target in the absolute form of another scheme',
        'target in the absolute form without a host',
      ]),
      ...raw('accepted', ['target in the absolute form']),
    ],
    instead: 'found ["answered 308","accepted"]',
    reason: 'Next.js redirects to the tidy form of a path, and only then asks the route',
  },
  {
    cases: raw('accepted', ['an unexpected upgrade']),
    instead: 'found ["refused","accepted"]',
    reason: 'Next.js closes a connection that wants an upgrade; senders of webhooks do not upgrade',
  },
]

/** What only the app router does: its routes are asked for the methods they export. */
export const NEXT_APP_ROUTER: readonly AdapterException[] = [
  {
    cases: raw('refused', ['method OPTIONS']),
    instead: 'found ["accepted","accepted"]',
    reason: 'Next.js answers OPTIONS itself, with 204; the route is not asked, and nothing is kept',
  },
  {
    cases: raw('refused', ['method TRACE']),
    instead: 'found ["answered 500","accepted"]',
    reason: 'a Request cannot have the method TRACE, and Next.js answers 500; the route is not asked',
  },
]
