import type { DeliveryRequestCopy } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Delivery } from '../api/types.ts'
import { toCurl, toTriggerCommand } from '../text/commands.ts'
import { encodePart } from '../text/format.ts'
import { Action } from '../ui/parts.tsx'
import { goTo } from '../ui/router.ts'

/** What can be done with a delivery. */
export function DeliveryActions({ delivery }: { delivery: Delivery }) {
  const { webhookId, state } = delivery
  const path = `/deliveries/${encodePart(webhookId)}`
  return (
    <div class="actions">
      <Action kind="primary" run={() => replay(path)}>
        Replay
      </Action>
      <button type="button" onClick={() => goTo('deliveries', webhookId, 'edit')}>
        Edit and resend
      </button>
      <button type="button" onClick={() => goTo('compare', webhookId)}>
        Compare
      </button>
      <Action run={() => copyCurl(path)}>Copy as curl</Action>
      <Action run={() => copyTest(path)} disabled={state === 'pending'}>
        Copy as test
      </Action>
      <Action run={() => copyTrigger(delivery)}>Copy as gwh trigger</Action>
    </div>
  )
}

async function replay(path: string): Promise<string> {
  await control(`${path}/redeliver`, {})
  return 'Sent again, with the same id and body.'
}

async function copyCurl(path: string): Promise<string> {
  const request = await control<DeliveryRequestCopy>(`${path}/request`)
  await navigator.clipboard.writeText(toCurl(request))
  return 'curl copied: signed for now, so a receiver takes it for five minutes.'
}

async function copyTest(path: string): Promise<string> {
  const { text } = await control<{ text: string }>(`${path}/test`)
  await navigator.clipboard.writeText(text)
  return 'Test copied: a vitest file that expects the same answer again.'
}

async function copyTrigger({ body, scheme, uri }: Delivery): Promise<string> {
  const { type, data, user_metadata: metadata } = JSON.parse(body)
  const target = scheme === 'dynamic' ? { uri } : {}
  await navigator.clipboard.writeText(toTriggerCommand({ type, data, metadata, ...target }))
  return 'gwh trigger copied.'
}
