import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../../sources/finding.ts'
import { DONE } from './method.ts'
import type { UndoneContainer } from './undo-containers.ts'

/** What somebody should know of a container that was held while it was read. */
export function releaseFindings({ held: { name, how }, undone, error, endedAgain }: UndoneContainer): Finding[] {
  if (error !== undefined) return [notBack(name, error)]
  const findings: Finding[] = []
  if (undone?.disturbance !== undefined) {
    findings.push({
      severity: 'error',
      message: `the container ${name} ${undone.disturbance} while it ${DONE[how]}: what was read meanwhile may not be of one moment`,
      hint: 'find out from `docker events` or the log of the engine what happened to it, and run the job again',
    })
  }
  if (endedAgain !== undefined) findings.push(endedAtOnce(name, endedAgain))
  return findings
}

/** What cannot be let go on now is tried again at every start. */
export function notBack(name: string, error: unknown): Finding {
  const ownHint = isKnownError(error) && error.hint !== undefined ? `${error.hint}; ` : ''
  return {
    severity: 'error',
    message: `the container ${name} does not go on: ${errorMessage(error)}`,
    hint: `${ownHint}put that right and run \`docker start ${name}\` (\`docker unpause\` if it was paused); Hikae tries again at its next start`,
  }
}

export function notForgotten(folder: string, error: unknown): Finding {
  return {
    severity: 'error',
    message: `all containers go on, but the note of it in ${folder} could not be removed: ${errorMessage(error)}`,
    hint: 'see that this user may write there, and remove the files held-*.json',
  }
}

export function endedAtOnce(name: string, exitCode: number): Finding {
  return {
    severity: 'error',
    message: `the container ${name} was started again, and ended at once with exit status ${exitCode}`,
    hint: `see why with \`docker logs ${name}\``,
  }
}
