import type { CommandContext } from '../shared/context.ts'
import type { Rotation } from './rotation-file.ts'

/** What a person needs to know about a rotation, to do the rest of it. */
export interface RotationProgress {
  /** The webhook's id. */
  readonly id: string
  /** Whether the old secrets have ended. */
  readonly isOver: boolean
  /** Whether the new secret has just been made. */
  readonly isNew: boolean
  /** Whether `gwh dev` of this folder sends to the webhook. */
  readonly isDev: boolean
}

/** Says what was done, and what is left to do. */
export function showRotation(
  { terminal }: CommandContext,
  rotation: Rotation,
  progress: RotationProgress,
): void {
  const { file, variable, previousUntil = 0 } = rotation
  const { id, isOver, isNew } = progress
  const until = new Date(previousUntil).toISOString()
  if (!isOver) terminal.out(`${id} signs with a new secret; the old one ends at ${until}`)
  else terminal.out(`the rotation is finished: ${variable} in ${file} holds no old secret of this webhook`)
  const isUrgent = isOver && isNew
  const lines = isOver && !isNew ? [RELAXED] : whatToDo(rotation, { ...progress, until, isUrgent })
  for (const line of lines) terminal.note(line)
}

const RELAXED = 'Receivers may load it when convenient: the old secret verifies nothing new.'

interface Advice extends RotationProgress {
  readonly until: string
  /** Whether the old secrets ended before a receiver could load the new one. */
  readonly isUrgent: boolean
}

function whatToDo(rotation: Rotation, advice: Advice): readonly string[] {
  const { id, until, isUrgent, isDev } = advice
  const first = isDev ? restartDev(rotation, advice) : restartReceivers(rotation, advice)
  const steps = [
    ...first,
    `2. Send a ping, and see in a receiver's log that it verifies: gwh webhooks ping ${id}`,
  ]
  const last = `3. After ${until}, run \`gwh webhooks rotate ${id}\` again. It removes the old secret.`
  return ['', ...steps, ...(isUrgent ? [] : [last])]
}

function restartDev({ file, variable }: Rotation, { until, isUrgent }: Advice): readonly string[] {
  return [
    '1. Restart `gwh dev`: .gwh/env has the new secret too, and its program gets it at the next start.',
    isUrgent
      ? '   Until then the program answers 401, and the emulator tries again for 24 hours.'
      : `   Until ${until} the emulator signs with both secrets, so that the old one goes on verifying.`,
    `   Restart receivers that load ${variable} from ${file} themselves, too.`,
  ]
}

function restartReceivers({ file, variable }: Rotation, { isUrgent }: Advice): readonly string[] {
  const when = isUrgent ? 'now' : 'again'
  return [
    `1. Have the receivers load ${variable} from ${file} ${when}: restart them, or deploy it.`,
    isUrgent
      ? '   Until then they answer 401, and the sender tries again for 24 hours.'
      : '   Until then they answer 401 to what the new secret signed, and the sender tries again for 24 hours.',
  ]
}
