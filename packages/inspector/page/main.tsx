import { render } from 'preact'
import { isEmulator } from './api/client.ts'
import { openSession, sessionToken } from './api/session.ts'
import { follow } from './api/signals.ts'
import { App } from './app.tsx'
import './styles.css'

if (isEmulator) await openSession().catch(() => {})
const hasSession = sessionToken() !== null
render(<App hasSession={hasSession} />, document.getElementById('app')!)
if (hasSession || !isEmulator) follow()
