import type { AdapterException } from '@gwh/testing'
import { raw } from './raw-title.ts'

/** What Next.js does with a request before it calls a route, in both routers. */
export const NEXT: readonly AdapterException[] = [
  {
    cases: raw('refused', ['OPTIONS *', 'target in the asterisk form']),
    instead: 'found ["answered 500","accepted"]',
    reason: 'Next.js cannot make a URL of the asterisk, and answers 500; no route is called',
  },
  {
    cases: [
      ...raw('refused', [
        'target with an extra leading slash',
        'target with a trailing slash',
        'target in the absolute form of another scheme',
        'target in the absolute form without a host',
      ]),
      ...raw('accepted', ['target in the absolute form']),
    ],
    instead: 'found ["answered 308","accepted"]',
    reason: 'Next.js redirects to the normalised path, and only then calls the route',
  },
  {
    cases: raw('accepted', ['an unexpected upgrade']),
    instead: 'found ["refused","accepted"]',
    reason: 'Next.js closes a connection that asks for an upgrade; webhook senders do not upgrade',
  },
]

/** What only the app router does: its routes export the methods they handle. */
export const NEXT_APP_ROUTER: readonly AdapterException[] = [
  {
    cases: raw('refused', ['method OPTIONS']),
    instead: 'found ["accepted","accepted"]',
    reason: 'Next.js answers OPTIONS itself, with 204; the route is not called, and nothing is kept',
  },
  {
    cases: raw('refused', ['method TRACE']),
    instead: 'found ["answered 500","accepted"]',
    reason: 'a Request cannot have the method TRACE, so Next.js answers 500; the route is not called',
  },
]
