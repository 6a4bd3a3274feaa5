import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FIXTURE_EVENTS } from '@gwh/testing'
import { readDump } from '../checker.ts'
import { createPost } from '../post.ts'
import { readyReceiver, startReceiver } from '../receiver-process.ts'
import { type Finding, failuresOf, type ScenarioHarness } from '../scenario.ts'
import type { ReceiverSettings } from '../settings.ts'
import { storing } from './storing.ts'

const CASES = 12
const BEFORE = 20
const AFTER = 5
const BODY = JSON.stringify(FIXTURE_EVENTS['batch.succeeded'])

interface Outcome {
  /** The code with which a start was refused. */
  refused?: string
  /** Acknowledged after the damage, but not in the file at the end. */
  falseAcks: number
  /** Acknowledged before the damage, and lost by it. */
  gone: number
  otherAnswers: number
}

/** Kills a receiver, flips a byte of its log, and starts it again. */
export async function flippedBytes(harness: ScenarioHarness): Promise<Finding> {
  const outcomes: Outcome[] = []
  for (let index = 0; index < CASES; index++) {
    outcomes.push(await flip(harness, join(harness.folder, `flip-${index}.db`)))
  }
  const refused = outcomes.filter((one) => one.refused !== undefined)
  const sum = (field: 'falseAcks' | 'gone' | 'otherAnswers') =>
    outcomes.reduce((total, one) => total + one[field], 0)
  return {
    figures: `${CASES} flipped bytes in the log: ${refused.length} refused starts, ${sum('falseAcks')} false 2xx afterwards, ${sum('gone')} of ${CASES * BEFORE} earlier deliveries gone with the damage`,
    failures: failuresOf({
      'flipped bytes: no false 2xx': sum('falseAcks') === 0,
      'flipped bytes: every answer is 200 or 503': sum('otherAnswers') === 0,
      'flipped bytes: a start is refused with a code': refused.every(({ refused }) =>
        /^refused store_(corrupt|unavailable)$/.test(refused!),
      ),
    }),
  }
}

async function flip(harness: ScenarioHarness, path: string): Promise<Outcome> {
  const settings = await storing(harness, path)
  const before = await deliver(settings, 'before', BEFORE)
  flipByte(`${path}-wal`, harness.random.below(statSync(`${path}-wal`).size))
  const restarted = startReceiver(settings)
  const word = await restarted.started
  await restarted.end('SIGKILL')
  if (word !== 'ready') return { refused: word, falseAcks: 0, gone: 0, otherAnswers: 0 }
  const after = await deliver(settings, 'after', AFTER)
  const { states, integrity } = readDump(path)
  const missing = (ids: readonly string[]) => ids.filter((id) => !states.has(id)).length
  return {
    falseAcks: integrity === 'ok' ? missing(after.acked) : after.acked.length,
    gone: missing(before.acked),
    otherAnswers: after.others,
  }
}

/** Delivers to a receiver that is killed afterwards, so that its log stays. */
async function deliver(settings: ReceiverSettings, name: string, deliveries: number) {
  const receiver = await readyReceiver(settings)
  const post = createPost({ port: () => settings.port, secret: settings.secret, body: BODY })
  const attempts = await Promise.all(
    Array.from({ length: deliveries }, (_, index) => post(`${name}_${index}`)),
  )
  await receiver.end('SIGKILL')
  return {
    acked: attempts.filter(({ status }) => status === 200).map(({ id }) => id),
    others: attempts.filter(({ status }) => status !== 200 && status !== 503).length,
  }
}

function flipByte(path: string, at: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.of(byte[0]! ^ 0xff), 0, 1, at)
  closeSync(file)
}
