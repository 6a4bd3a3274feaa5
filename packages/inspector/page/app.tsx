import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { AboutEmulator } from '../src/lib/protocol/emulator.ts'
import { control, isEmulator, whenSignedOut } from './api/client.ts'
import { isLive } from './api/signals.ts'
import { ClockScreen } from './screens/clock.tsx'
import { Compare } from './screens/compare.tsx'
import { Deliveries } from './screens/deliveries.tsx'
import { DeliveryScreen } from './screens/delivery.tsx'
import { EditScreen } from './screens/edit.tsx'
import { JobScreen, Jobs } from './screens/jobs.tsx'
import { Queue } from './screens/queue.tsx'
import { Send } from './screens/send.tsx'
import { Setup } from './screens/setup.tsx'
import { Webhooks } from './screens/webhooks.tsx'
import { formatTime } from './text/format.ts'
import { Notices } from './ui/notices.tsx'
import { Block, Failure } from './ui/parts.tsx'
import { linkTo, useRoute } from './ui/router.ts'
import { useClock } from './ui/use-clock.ts'
import { useData } from './ui/use-data.ts'

const SCREENS: Readonly<Record<string, string>> = {
  deliveries: 'Deliveries',
  jobs: 'Jobs',
  webhooks: 'Webhooks',
  send: 'Send',
  clock: 'Clock and faults',
  queue: 'Queue',
  setup: 'Setup',
}

/** The whole page. */
export function App({ hasSession }: { hasSession: boolean }) {
  const [isSignedIn, setSignedIn] = useState(hasSession)
  useEffect(() => whenSignedOut(() => setSignedIn(false)), [])
  if (!isEmulator) return <Dashboard />
  return isSignedIn ? <Inspector /> : <SignedOut />
}

function Dashboard() {
  return (
    <>
      <header>
        <strong>Webhook queue</strong>
      </header>
      <main id="main" tabIndex={-1}>
        <Queue />
      </main>
      <Notices />
    </>
  )
}

function SignedOut() {
  return (
    <main id="main">
      <h1>Gemini webhooks</h1>
      <p>This browser has no session with the emulator. Ask for a URL that opens it; each works once.</p>
      <Block text="gwh page" label="the command" />
      <p>
        In a program: <code>await emulator.inspectorUrl()</code>.
      </p>
    </main>
  )
}

function Inspector() {
  const route = useRoute()
  const { value: about, error } = useData<AboutEmulator>(() => control('/about'), [])
  // A comparison is one of deliveries.
  const current = !route[0] || route[0] === 'compare' ? 'deliveries' : route[0]
  const names = Object.keys(SCREENS).filter((name) => name !== 'queue' || about?.hasQueue)
  // Another choice in a comparison leads to no other screen.
  useFocusOnRoute(route[0] === 'compare' ? 'compare' : route.join('/'))
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <header>
        <strong>Gemini webhooks</strong>
        <nav aria-label="Screens">
          {names.map((name) => (
            <a key={name} href={linkTo(name)} aria-current={name === current ? 'page' : undefined}>
              {SCREENS[name]}
            </a>
          ))}
        </nav>
        <ClockLine />
      </header>
      <main id="main" tabIndex={-1}>
        <Failure error={error} />
        {about && screenOf(route, about)}
      </main>
      <Notices />
    </>
  )
}

function screenOf(route: readonly string[], about: AboutEmulator): JSX.Element {
  const [name = 'deliveries', id, action] = route
  if (name === 'deliveries' && id !== undefined) {
    return action === 'edit' ? <EditScreen key={id} id={id} /> : <DeliveryScreen key={id} id={id} />
  }
  if (name === 'compare' && id !== undefined) return <Compare route={route.slice(1)} />
  if (name === 'jobs') return id === undefined ? <Jobs /> : <JobScreen key={id} id={id} />
  if (name === 'webhooks') return <Webhooks about={about} />
  if (name === 'send') return <Send about={about} />
  if (name === 'clock') return <ClockScreen />
  if (name === 'queue' && about.hasQueue) return <Queue />
  if (name === 'setup') return <Setup />
  return <Deliveries about={about} />
}

/** What the emulator's clock shows, and whether the page follows it. */
function ClockLine() {
  const clock = useClock()
  return (
    <p class="live">
      <span class={isLive ? 'dot good' : 'dot bad'} aria-hidden="true" /> {isLive ? 'live' : 'connecting'}
      {clock && `, ${formatTime(clock.now)}`}
      {clock?.paused && ' (paused)'}
    </p>
  )
}

/** A new screen begins at its top, for the keyboard too. */
function useFocusOnRoute(route: string): void {
  const [first] = useState(route)
  useEffect(() => {
    if (route === first && document.activeElement === document.body) return
    document.getElementById('main')?.focus({ preventScroll: true })
    scrollTo({ top: 0 })
  }, [route])
}

function skip(): void {
  document.getElementById('main')?.focus()
}
