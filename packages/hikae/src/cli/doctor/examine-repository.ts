import { access, constants, stat } from 'node:fs/promises'
import { formatAge } from '../output/age.ts'
import { formatBytesRoughly, formatQuantity, formatTime } from '../output/format.ts'
import { errorMessage, systemCode } from '../../errors.ts'
import { latestCheck } from '../check/last-check.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import type { ChosenRepository } from '../repository/choose.ts'
import { openChosen } from '../repository/session.ts'
import { newestSnapshot, type ReachedRepository, type SurveyedRepository } from '../survey/survey.ts'
import { type Diagnosis, ok } from './diagnosis.ts'
import { fromError } from './from-error.ts'

const GIB = 2 ** 30
const DAY_MS = 24 * 60 * 60 * 1000
/** A disk with less than this may be full after the next backup. */
const LITTLE_SPACE = 2 * GIB
const CHECK_EVERY_MS = 35 * DAY_MS
/** As restic, which refreshes the locks it needs. */
const LOCK_LASTS_MS = 30 * 60_000
/** Clocks of two machines may differ by so much. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/** Whether a run could store in a repository, as a survey and the place itself tell. */
export async function examineRepository(
  surveyed: SurveyedRepository,
  globals: GlobalValues,
  context: CommandContext,
  nowMs: number,
): Promise<Diagnosis[]> {
  const subject = `repository ${surveyed.label}`
  const password = await passwordFindings(subject, surveyed.chosen)
  if (surveyed.kind === 'missed') return [fromError(subject, withFirstStep(surveyed.error)), ...password]
  const found = [
    ...password,
    ...(await placeFindings(subject, surveyed.chosen, context)),
    ...contentFindings(subject, surveyed, nowMs),
    ...(await lockFindings(subject, surveyed.chosen, globals, context, nowMs)),
  ]
  return found.length > 0 ? found : [ok(subject, describe(surveyed, nowMs))]
}

/** A stack file can be there before its repositories. */
function withFirstStep(error: Error): Error {
  if (!('code' in error) || error.code !== 'REPOSITORY_MISSING') return error
  return Object.assign(new Error(error.message), {
    code: error.code,
    hint: 'create it with hikae init; if it was there, mount its disk or correct the address',
  })
}

async function passwordFindings(subject: string, { password }: ChosenRepository): Promise<Diagnosis[]> {
  if (password.kind !== 'file') return []
  try {
    const { mode } = await stat(password.path)
    if ((mode & 0o077) === 0) return []
    const message = `others can read its password file ${password.path}`
    return [{ subject, verdict: 'warning', message, hint: `chmod 600 ${password.path}` }]
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return [] // That it cannot be read is why the repository cannot be opened.
  }
}

/** Whether more could be written: the survey only reads. */
async function placeFindings(
  subject: string,
  { location }: ChosenRepository,
  { signal, env }: CommandContext,
): Promise<Diagnosis[]> {
  if (location.kind !== 'local') return []
  try {
    await access(location.path, constants.W_OK)
    if (location.disk === undefined) return []
    const { guardDisk } = await import('../../disks/guard.ts')
    const { DiskSystem } = await import('../../disks/system.ts')
    const { searchPathOf } = await import('../../disks/search-path.ts')
    const system = new DiskSystem({ signal, searchPath: searchPathOf(env['PATH']) })
    await guardDisk({ path: location.path, disk: location.disk, system })
    return []
  } catch (error) {
    signal.throwIfAborted()
    if (systemCode(error) === undefined) throw error
    if (!('syscall' in (error as Error))) return [fromError(subject, error)]
    const message = `nothing can be written to ${location.path}: ${errorMessage(error)}`
    return [{ subject, verdict: 'error', message, hint: 'run hikae as the owner of that folder, or mount it writable' }]
  }
}

function contentFindings(subject: string, repository: ReachedRepository, nowMs: number): Diagnosis[] {
  const { snapshots, damaged, checks, freeBytes } = repository
  const found: Diagnosis[] = []
  const add = (verdict: 'warning' | 'error', message: string, hint: string): void =>
    void found.push({ subject, verdict, message, hint })
  const { label } = repository
  if (damaged > 0)
    add(
      'error',
      `${formatQuantity(damaged, 'snapshot')} cannot be read`,
      `hikae check --repo ${label} says what is damaged`,
    )
  if (freeBytes !== undefined && freeBytes < LITTLE_SPACE)
    add('warning', `only ${formatBytesRoughly(freeBytes)} free`, 'free some space, or keep fewer snapshots')
  const newest = newestSnapshot(repository)
  if (newest === undefined) {
    add('warning', 'no snapshot in it yet', 'make the first backup: hikae backup')
    return found
  }
  if (Date.parse(newest.time) > nowMs + CLOCK_TOLERANCE_MS) {
    const message = `its newest snapshot is of ${formatTime(newest.time)}, and by the clock of this machine that is yet to come`
    add('error', message, 'set the clock right (timedatectl): schedules and retention go by it')
  }
  const check = latestCheck(checks)
  // What is new need not have been checked yet.
  const since = check?.time ?? snapshots[0]!.time
  if (nowMs - Date.parse(since) > CHECK_EVERY_MS) {
    const message =
      check === undefined ? 'was never checked from this machine' : `was last checked ${ageOf(since, nowMs)} ago`
    add('warning', message, `hikae check --repo ${label} --read-data-subset 5%`)
  }
  return found
}

async function lockFindings(
  subject: string,
  chosen: ChosenRepository,
  globals: GlobalValues,
  context: CommandContext,
  nowMs: number,
): Promise<Diagnosis[]> {
  const { signal } = context
  try {
    await using session = await openChosen(chosen, globals, context, { lock: 'none' })
    const { repository } = session
    const found: Diagnosis[] = []
    for (const { id } of await repository.listIds('lock', signal)) {
      const lock = readLock(await repository.readUnpacked('lock', id, signal))
      if (lock === undefined) continue
      const ageMs = nowMs - Date.parse(lock.time)
      const who = `process ${lock.pid} on ${lock.hostname}, ${formatAge(Math.max(0, ageMs))} ago`
      if (ageMs > LOCK_LASTS_MS) {
        const message = `a lock was left behind by ${who}`
        found.push({ subject, verdict: 'warning', message, hint: `hikae unlock --repo ${chosen.name ?? ''}`.trim() })
      } else if (lock.exclusive) {
        const hint = 'wait for its end; if nothing runs there, hikae unlock'
        found.push({ subject, verdict: 'warning', message: `it is locked for others by ${who}`, hint })
      }
    }
    return found
  } catch (error) {
    signal.throwIfAborted()
    return [fromError(subject, error)]
  }
}

interface ReadLock {
  readonly time: string
  readonly exclusive: boolean
  readonly hostname: string
  readonly pid: number
}

/** A lock that makes no sense is nobody's. */
function readLock(content: Uint8Array): ReadLock | undefined {
  try {
    const { time, exclusive, hostname, pid } = JSON.parse(Buffer.from(content).toString()) as Partial<ReadLock>
    if (time === undefined || Number.isNaN(Date.parse(time))) return undefined
    return { time, exclusive: exclusive ?? false, hostname: hostname ?? 'an unknown machine', pid: pid ?? 0 }
  } catch {
    return undefined
  }
}

function describe(repository: ReachedRepository, nowMs: number): string {
  const { snapshots, freeBytes, checks } = repository
  const newest = newestSnapshot(repository)
  const check = latestCheck(checks)
  return [
    formatQuantity(snapshots.length, 'snapshot'),
    ...(newest === undefined ? [] : [`the newest ${ageOf(newest.time, nowMs)} old`]),
    ...(check === undefined ? [] : [`checked ${ageOf(check.time, nowMs)} ago`]),
    ...(freeBytes === undefined ? [] : [`${formatBytesRoughly(freeBytes)} free`]),
  ].join(', ')
}

function ageOf(time: string, nowMs: number): string {
  return formatAge(Math.max(0, nowMs - Date.parse(time)))
}
