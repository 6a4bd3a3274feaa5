import type { EndpointRef, Endpoints } from '../delivery/delivery.ts'
import { Sender } from '../delivery/sender.ts'
import { type EventInput, toBody } from '../events/envelope.ts'
import { createFaultRules, type FaultRules } from '../faults/rules.ts'
import { createFileStore, type FileStore } from '../files/file-store.ts'
import { checkFolder } from '../files/folder.ts'
import { createUploads, type Uploads } from '../files/uploads.ts'
import { createSessions, type Sessions } from '../http/sessions.ts'
import { Jobs } from '../jobs/jobs.ts'
import { createScenarios, readScenario, type Scenarios } from '../jobs/scenarios.ts'
import { type ClockPosition, TimerClock } from '../shared/clock.ts'
import { newResourceId } from '../shared/ids.ts'
import type { Settings } from '../shared/options.ts'
import type { Scenario } from '../shared/scenario.ts'
import type { EmulatorObserver } from '../shared/signals.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import { algorithmsOf } from '../signing/dynamic.ts'
import { createKeys, type SigningKeys } from '../signing/keys.ts'
import { noPersistence } from '../storage/persistence.ts'
import { openStateFile } from '../storage/state-file.ts'
import { createStorage, type Storage } from '../storage/storage.ts'
import { createEndpoints } from '../webhooks/endpoints.ts'
import { type Preset, readPresets } from '../webhooks/presets.ts'
import { createRegistry, type WebhookRegistry } from '../webhooks/registry.ts'
import { createEnds, type Ends } from './ends.ts'
import { createListeners, type Listeners } from './listeners.ts'
import { findProblem } from './record-schemas.ts'

/** Everything one emulator consists of; all APIs share it. */
export interface EmulatorState {
  readonly settings: Settings
  readonly storage: Storage
  readonly clock: TimerClock
  readonly keys: SigningKeys
  readonly faults: FaultRules
  readonly webhooks: WebhookRegistry
  readonly endpoints: Endpoints
  readonly sender: Sender
  readonly jobs: Jobs
  readonly files: FileStore
  readonly uploads: Uploads
  readonly scenarios: Scenarios
  readonly listeners: Listeners
  /** Who may use the control API from a browser. */
  readonly sessions: Sessions
  /** Resolves when no job is running and no delivery is pending. */
  settled(): Promise<void>
  /** Resolves once `isBusy` is false, which is asked again whenever a job or a delivery ends, or `signal` is aborted. */
  waitWhile(isBusy: () => boolean, signal?: AbortSignal): Promise<void>
  /** Asks everybody who waits again. */
  recheck(): void
  /** Delivers an event to `uris`, or without them to every subscribed webhook. */
  emit(event: EventInput, uris?: readonly string[]): DeliverySnapshot[]
  /** Delivers an event to chosen endpoints. */
  emitTo(event: EventInput, endpoints: readonly EndpointRef[]): DeliverySnapshot[]
}

/** Creates the state of an emulator: a fresh one, or what its state file holds. Nothing runs until {@link resume}. */
export function createState(options: Settings): EmulatorState {
  const ends = createEnds()
  const listeners = createListeners()
  const observer: EmulatorObserver = (signal) => {
    options.observer(signal)
    listeners.observe(signal)
    ends.observe(signal)
  }
  const settings = { ...options, observer }
  // Read before the file is opened: a wrong option must not leave it locked.
  const initialScenarios = settings.scenarios.map(readScenario)
  const presets = readPresets(settings.webhooks)
  const directory = settings.state === undefined ? undefined : `${settings.state}-files`
  if (directory !== undefined) checkFolder(directory)
  const storage = openStorage(settings.state)
  try {
    return assemble(settings, { storage, directory, initialScenarios, presets, ends, listeners })
  } catch (error) {
    // The file must not stay locked.
    storage.close()
    throw error
  }
}

function openStorage(path: string | undefined): Storage {
  if (path === undefined) return createStorage(noPersistence)
  const file = openStateFile(path)
  try {
    return createStorage(file, findProblem)
  } catch (error) {
    file.close()
    throw error
  }
}

interface Foundations {
  readonly storage: Storage
  /** Where files are kept; absent for a temporary directory. */
  readonly directory: string | undefined
  readonly initialScenarios: readonly Scenario[]
  readonly presets: readonly Preset[]
  readonly ends: Ends
  readonly listeners: Listeners
}

function assemble(settings: Settings, foundations: Foundations): EmulatorState {
  const { storage, directory, initialScenarios, presets, ends, listeners } = foundations
  const { observer } = settings
  const clock = createClock(settings, storage)
  const now = () => clock.now()
  const keys = createKeys(storage, algorithmsOf(settings.signing))
  const faults = createFaultRules(settings.random)
  const { disableAfter, userMetadataIn } = settings
  const webhooks = createRegistry({ records: storage.records('webhook'), now, disableAfter })
  storage.atomically(() => {
    for (const { id, secret, ...preset } of presets) webhooks.preset(preset, { id, secret })
  })
  const endpoints = createEndpoints({ webhooks, keys, settings, now })
  const sender = new Sender({ clock, settings, storage, endpoints, faults })
  const emitTo: EmulatorState['emitTo'] = (event, endpoints) =>
    storage.atomically(() => sender.send(event, toBody(event, now(), userMetadataIn), endpoints))
  // A job's own URIs stand in place of the registered webhooks, not beside them.
  const emit: EmulatorState['emit'] = (event, uris) =>
    emitTo(
      event,
      uris?.map((uri) => ({ scheme: 'dynamic', uri, ...event.dynamic })) ?? webhooks.subscribers(event.type),
    )
  const { limits } = settings
  const files = createFileStore({ records: storage.records('file'), limits, now, directory })
  const uploads = createUploads({ files, limits, now })
  const { batchMs: batch, interactionMs: interaction, videoMs: video } = settings.jobs
  const durations = { batch, interaction, video }
  const scenarios = createScenarios(initialScenarios, storage.records('scenario'), newResourceId)
  const jobs = new Jobs({ clock, storage, observer, durations, maxJobs: limits.jobs, scenarios, emit })
  const settled = () => ends.waitWhile(() => jobs.isBusy() || sender.isBusy())
  const parts = {
    settings,
    storage,
    clock,
    keys,
    faults,
    webhooks,
    endpoints,
    sender,
    jobs,
    files,
    uploads,
    scenarios,
    listeners,
    sessions: createSessions(),
  }
  return { ...parts, settled, waitWhile: ends.waitWhile, recheck: ends.recheck, emitTo, emit }
}

/**
 * Starts what the storage holds, which an earlier process left or an import brought, at the time `now`; cuts what is
 * under way. The APIs must have defined their kinds of job.
 */
export function resume({ jobs, sender, storage, recheck }: EmulatorState, now: number): void {
  storage.atomically(() => {
    jobs.resume()
    sender.resume(now)
    storage.afterCommit(recheck)
  })
}

/** The clock goes on where an earlier process left it: time does not stop while nothing runs. */
function createClock(settings: Settings, storage: Storage): TimerClock {
  const positions = storage.records<ClockPosition & { readonly id: string }>('clock')
  const clock: TimerClock = new TimerClock(settings, positions.get('clock'), {
    moved: (position) => void positions.put({ id: 'clock', ...position }),
    failed: (error, triesAgainAt) =>
      settings.observer({ type: 'work_failed', at: clock.now(), error, triesAgainAt }),
  })
  return clock
}
