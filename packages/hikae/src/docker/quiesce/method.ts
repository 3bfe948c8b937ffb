import { execMethod } from './exec-method.ts'
import type { Asked } from './container-condition.ts'
import type { HeldContainer, HoldRecord } from './hold-record.ts'
import { pauseMethod } from './pause-method.ts'
import type { Quiesce } from './schema.ts'
import { stopMethod } from './stop-method.ts'

/** A way of making a container hold still. */
export interface QuiesceMethod {
  /** Of what is being done, for the log: `stopping`. */
  readonly doing: string
  /**
   * Makes it hold still. Never broken off: what is only asked for could take effect after it was undone.
   *
   * @returns when the process began that holds still because of this; undefined when it does not run any more
   * @throws {DockerError} it may or may not hold still
   */
  begin(engine: Asked, held: HeldContainer): Promise<string | undefined>
  /** Lets it go on, if it still holds still. @throws {DockerError} it does not go on */
  undo(engine: Asked, held: HeldContainer): Promise<Undone>
}

/** How a container was found again, and what was done. */
export interface Undone {
  /** Whether this let it go on; false when there was nothing to do any more. */
  readonly isBack: boolean
  /** Another run holds it too, and lets it go on. */
  readonly isLeftToAnother?: boolean
  /** Somebody has started it since, and it has ended again: whether it is to run is for others to say. */
  readonly isLeftEnded?: boolean
  /** What happened to it while it was held: what was read meanwhile may not be of one moment. */
  readonly disturbance?: string
}

/** What was done to a container, for messages. */
export const DONE = { stop: 'was stopped', pause: 'was paused', exec: 'was held' } as const

export type Log = (message: string) => void

export function methodOf(how: Exclude<Quiesce, 'none'>, log: Log): QuiesceMethod {
  if (how === 'stop') return stopMethod(log)
  if (how === 'pause') return pauseMethod()
  const { before, after, timeout: timeoutMs } = how.exec
  return execMethod({ before, after, timeoutMs, log })
}

/** The same for a container that was held before, perhaps by another process; of `exec` only what undoes it is known. */
export function methodOfHeld({ how }: HeldContainer, { after }: HoldRecord, log: Log): QuiesceMethod {
  if (how === 'stop') return stopMethod(log)
  if (how === 'pause') return pauseMethod()
  return execMethod({ before: [], after: after?.program ?? [], timeoutMs: after?.timeoutMs ?? 0, log })
}
