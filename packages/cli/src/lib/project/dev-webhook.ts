import { isLoopback } from '../shared/loopback.ts'
import { readDevSettings, writeDevSettings } from './dev-settings.ts'
import { devEnvironment, writeEnvironment } from './environment.ts'

/** A webhook, and the API that it belongs to. */
export interface WebhookPlace {
  readonly id: string
  /** Absent for Google's own API. */
  readonly baseUrl: string | undefined
}

/**
 * Changes the secrets that `gwh dev` of this folder keeps, newest first, in `.gwh/env` too, if the webhook is the one
 * that it sends to. The next `gwh dev` says that they were rotated.
 */
export async function changeDevSecrets(
  cwd: string,
  place: WebhookPlace,
  change: (secrets: readonly string[]) => readonly (string | undefined)[],
): Promise<void> {
  const settings = await readDevSettingsOf(cwd, place)
  if (settings === undefined) return
  const known = settings.secret.split(',')
  const secrets = change(known)
  const rotated = settings.rotated || secrets[0] !== known[0]
  const changed = { ...settings, secret: secrets.join(','), ...(rotated && { rotated }) }
  await writeDevSettings(cwd, changed)
  await writeEnvironment(cwd, devEnvironment(settings.url, changed))
}

/** Whether a webhook is the one that `gwh dev` of this folder sends to. */
export async function isDevWebhook(cwd: string, place: WebhookPlace): Promise<boolean> {
  return (await readDevSettingsOf(cwd, place)) !== undefined
}

async function readDevSettingsOf(cwd: string, { id, baseUrl }: WebhookPlace) {
  const settings = await readDevSettings(cwd)
  if (settings?.url === undefined || settings.webhook !== id) return undefined
  const { url } = settings
  return isSameEmulator(url, baseUrl) ? { ...settings, url } : undefined
}

/** Whether two URLs lead to the same port of this machine, which has several names. */
function isSameEmulator(one: string, other: string | undefined): boolean {
  return other !== undefined && isLoopback(other) && new URL(one).port === new URL(other).port
}
