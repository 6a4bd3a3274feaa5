import { gemini } from '../lib/gemini'

export const dynamic = 'force-dynamic' // Rendered for each request, not when the app is built.
export default async function Status() {
  const { pending, running, retrying, done, dead } = await gemini().queue.stats()
  const counts = Object.entries({ pending, running, retrying, done, dead }).map(([state, count]) => (
    <li key={state} className={count > 0 ? state : 'none'}>{`${count}\n${state}`}</li>
  ))
  const letters = (await gemini().queue.deadLetters.list()).map(({ message, reason, attempts, deadAt }) => (
    <li key={message.key}>
      <b>{message.id}</b> {reason} · attempt {attempts} · {new Date(deadAt).toUTCString()}
      <pre>{new TextDecoder().decode(message.body.subarray(0, 400))}</pre>
    </li>
  ))
  return (
    <main>
      <h1>Gemini webhooks</h1>
      <ul>{counts}</ul>
      <p hidden={done > 0}>Nothing handled yet. Register /webhooks/gemini: README.md says how.</p>
      <h2>Dead letters</h2>
      <ol>{letters}</ol>
      <p hidden={dead > 0}>None. Deliveries that cannot be parsed or have failed 12 times are kept here.</p>
      <p hidden={dead === 0}>Fix the cause, then have them handled again: queue.deadLetters.redrive(key).</p>
    </main>
  )
}
