import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { findStackFile } from '../../config/find.ts'
import { UsageError } from '../../errors.ts'
import { stateFolder } from '../../state/state-folder.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { askScheduler, type SchedulerAnswer } from './ask-scheduler.ts'

/** It looks about twice a minute; a machine under load may keep it from that for a while. */
const MOST_SINCE_LOOK_MS = 3 * 60_000

export interface Health {
  readonly isServing: boolean
  /** `serves the schedules`, `is starting`, … */
  readonly what: string
}

/**
 * Tells whether a daemon serves the schedules of the stack. The stack file is not read: one that makes no sense at the
 * moment is no illness of a daemon that goes on with what it said before.
 *
 * @throws {UsageError} there is no stack file
 */
export async function tellHealth({ config }: GlobalValues, { env, out }: CommandContext): Promise<ExitCode> {
  const file = await findStackFile(config, env)
  if (file === undefined) throw new UsageError('there is no stack file', { hint: 'name it: --config FILE' })
  const answer = await askScheduler(stateFolder({ env, home: homedir() }, await realpath(file)))
  const { isServing, what } = healthOf(answer, Date.now())
  const running = answer.kind === 'answers' ? answer.sign.running : []
  if (out.json) out.document({ serving: isServing, message: what, running })
  else if (isServing) out.note(running.length === 0 ? what : `${what}; now running: ${running.join(', ')}`)
  else out.warn(what)
  return isServing ? EXIT.succeeded : EXIT.failed
}

export function healthOf(answer: SchedulerAnswer, nowMs: number): Health {
  if (answer.kind === 'absent') return { isServing: false, what: 'no daemon of this stack runs' }
  if (answer.kind === 'silent') return { isServing: false, what: 'the daemon does not answer' }
  const { role, lookedAt } = answer.sign
  if (role !== 'daemon') return { isServing: false, what: 'no daemon of this stack runs, but hikae backup --due' }
  if (lookedAt === undefined) return { isServing: false, what: 'the daemon is starting' }
  const sinceMs = nowMs - Date.parse(lookedAt)
  if (sinceMs > MOST_SINCE_LOOK_MS)
    return {
      isServing: false,
      what: `the daemon answers, and has not looked for ${Math.round(sinceMs / 60_000)} minutes what is due`,
    }
  return { isServing: true, what: 'the daemon serves the schedules' }
}
