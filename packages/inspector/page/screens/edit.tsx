import { useState } from 'preact/hooks'
import { control } from '../api/client.ts'
import type { Delivery } from '../api/types.ts'
import { encodePart, toPrettyJson } from '../text/format.ts'
import { Action, Failure, Field } from '../ui/parts.tsx'
import { goTo, linkTo } from '../ui/router.ts'
import { useData } from '../ui/use-data.ts'

/** Sends a changed copy of a delivery's event to the same endpoint. */
export function EditScreen({ id }: { id: string }) {
  const path = `/deliveries/${encodePart(id)}`
  const { value: delivery, error } = useData<Delivery>(() => control(path), [id])
  const [edited, setEdited] = useState<string>()
  const text = edited ?? editable(delivery?.body)
  const send = async () => {
    const sent = await control<Delivery>(`${path}/resend`, JSON.parse(text))
    goTo('deliveries', sent.webhookId)
    return 'Sent as a new delivery.'
  }
  return (
    <>
      <p class="back">
        <a href={linkTo('deliveries', id)}>← Delivery</a>
      </p>
      <h1>Edit and resend</h1>
      <Failure error={error} />
      <p>
        The event goes to the same endpoint with an id of its own, signed anew. Jobs stay as they are: the API
        does not change with it.
      </p>
      <Field label="Event" value={text} onInput={setEdited} rows={18} hint="type, data and user_metadata" />
      <div class="actions">
        <Action kind="primary" run={send} disabled={!isJson(text)}>
          Send
        </Action>
        {!isJson(text) && <span role="status">This is not JSON yet.</span>}
      </div>
    </>
  )
}

/** The parts of an event that a sender chooses; version and timestamp are made anew. */
function editable(body: string | undefined): string {
  if (body === undefined) return ''
  const { type, data, user_metadata } = JSON.parse(body)
  return toPrettyJson(JSON.stringify({ type, data, user_metadata }))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
