import { isAnonymous, isMounted, type Volume } from '../../sources/docker-volumes/volume.ts'
import { EXCLUDE_LABEL } from '../../sources/docker-volumes/select-volumes.ts'
import { LABELS } from '../../sources/docker-volumes/restore/volume-labels.ts'
import { formatAge } from '../output/age.ts'
import type { VolumeUse } from './volume-uses.ts'

/** Why a volume is not removed. */
export type StayReason =
  | 'in-use'
  | 'kept-by-restore'
  | 'left-by-restore'
  | 'excluded'
  | 'global'
  | 'elsewhere'
  | 'service'
  | 'project'
  | 'no-snapshot'
  | 'incomplete-snapshot'
  | 'changed'
  | 'too-young'
  /** Nobody can tell, because something could not be read. */
  | 'unreadable'

export interface Stays {
  readonly kind: 'stays'
  readonly reason: StayReason
  /** Goes on after the volume's name. */
  readonly message: string
  /** The next step. */
  readonly hint?: string
}

export interface StayRules {
  /** Whether the person has written this very name. */
  readonly isNamed: boolean
  /** Of the engine. */
  readonly all: readonly Volume[]
  readonly olderThanMs: number
  readonly nowMs: number
}

export function stays(reason: StayReason, message: string, hint?: string): Stays {
  return { kind: 'stays', reason, message, ...(hint === undefined ? {} : { hint }) }
}

/** Why a volume stays whatever the backups have; undefined when these decide. */
export function staysByItself(use: VolumeUse, { isNamed, all, olderThanMs, nowMs }: StayRules): Stays | undefined {
  const { volume, users, services, project, isProjectThere } = use
  const { name, labels } = volume
  if (users.length > 0) return stays('in-use', `is used by ${users.join(', ')}`)
  if (labels[LABELS.kept] !== undefined) return keptByRestore(volume)
  const isLeft = [LABELS.fresh, LABELS.filling].some((label) => labels[label] !== undefined)
  if (isLeft || all.some((other) => other.labels[LABELS.filling] === name)) {
    return stays('left-by-restore', 'is of a restore that goes on, or was interrupted', 'run `hikae doctor`')
  }
  if (labels[EXCLUDE_LABEL] === 'true') {
    const hint = `remove it with \`docker volume rm ${name}\` if nobody needs it`
    return stays('excluded', `is left out of backups by its label ${EXCLUDE_LABEL}`, hint)
  }
  if (volume.scope !== 'local') return stays('global', 'may be in use on other nodes of the cluster')
  if (volume.driver !== 'local') {
    const hint = `find out what \`docker volume rm ${name}\` means for that driver: it may remove what is elsewhere`
    return stays('elsewhere', `is kept by the driver ${volume.driver}`, hint)
  }
  if (isMounted(volume)) {
    const hint = `\`docker volume rm ${name}\` removes it and leaves what it leads to`
    return stays('elsewhere', 'only leads to what lies elsewhere: to remove it frees nothing', hint)
  }
  const byName = `name it to remove it all the same: \`hikae docker prune-volumes ${name}\``
  if (services.length > 0 && !isNamed) {
    return stays('service', `belongs to the service ${services.join(', ')}, which may start here at any time`, byName)
  }
  if (project !== undefined && !isProjectThere && !isNamed) {
    return stays('project', `belongs to ${project}, which is down and would get an empty one when it comes up`, byName)
  }
  if (volume.createdAt === undefined) return undefined
  return staysForAge('was made', volume.createdAt, { olderThanMs, nowMs })
}

/** @param what happened then */
export function staysForAge(
  what: string,
  time: Date,
  { olderThanMs, nowMs }: Pick<StayRules, 'olderThanMs' | 'nowMs'>,
): Stays | undefined {
  const ageMs = nowMs - time.getTime()
  return ageMs < olderThanMs ? stays('too-young', `${what} ${formatAge(ageMs)} ago`) : undefined
}

/** @param isAllKnown every repository and every source could be asked */
export function staysUnsaved({ name }: Volume, isAllKnown: boolean): Stays {
  if (!isAllKnown) {
    const hint = 'see the warnings above, and try again when all can be reached'
    return stays('unreadable', 'is in no snapshot of those repositories and sources that can be asked', hint)
  }
  if (isAnonymous(name)) {
    const hint = '`docker volume rm` removes it; what nobody named, nobody finds again'
    return stays('no-snapshot', 'has no name, and is in no snapshot', hint)
  }
  const hint = 'name it in a source of the kind docker-volumes, and run `hikae backup`; or `docker volume rm` it'
  return stays('no-snapshot', 'is in no snapshot', hint)
}

function keptByRestore({ labels }: Volume): Stays {
  const { [LABELS.source]: source = 'SOURCE', [LABELS.kept]: name } = labels
  const hint = `when all is well, \`hikae restore ${source} --finish\` removes it`
  return stays('kept-by-restore', `is what a restore has replaced in ${name}, kept for an undo`, hint)
}
