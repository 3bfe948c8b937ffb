import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { systemCode } from '../../errors.ts'
import { isFolder } from './is-folder.ts'
import { isTimed } from '../schedule.ts'
import { cronFile } from './cron-file.ts'
import type { InstallKind, InstallRequest, SystemPlaces } from './install-request.ts'
import type { MadeFile } from './made-file.ts'
import { readOwnership } from './ownership.ts'
import { ScheduleError } from './schedule-error.ts'
import { systemdUnits } from './systemd-units.ts'

export type PlannedFile =
  | { readonly action: 'create' | 'replace'; readonly path: string; readonly content: string }
  | { readonly action: 'keep' | 'remove'; readonly path: string }

/** What is done to the machine, first to last; nothing when all is as it should be. */
export interface InstallPlan {
  /** Timers that are stopped before their files go. */
  readonly stop: readonly string[]
  readonly files: readonly PlannedFile[]
  /** Timers that are enabled and started afterwards. */
  readonly start: readonly string[]
  /** Jobs that nothing will begin: they need the daemon, or a person. */
  readonly untimed: readonly string[]
}

export function changesNothing({ stop, files, start }: InstallPlan): boolean {
  return stop.length === 0 && start.length === 0 && files.every(({ action }) => action === 'keep')
}

/**
 * Works out how the schedules of a stack get onto this machine, in place of what was installed for it before, by whichever
 * kind. Changes nothing.
 *
 * @throws {ScheduleError} a file of somebody else is in the way, or one of a stack of the same name
 */
export async function planInstall(
  request: InstallRequest,
  kind: InstallKind,
  places: SystemPlaces,
): Promise<InstallPlan> {
  checkTexts(request)
  const wanted = kind === 'systemd' ? systemdUnits(request, places) : cronFile(request, places)
  const installed = await findInstalled(request.stack, places)
  const stranger = installed.find(({ content }) => readOwnership(content)!.config !== request.config)
  if (stranger) throw otherStack(request, stranger)
  const kept = await Promise.all(wanted.map(planFile))
  const removal = await removalOf(installed.filter(({ path }) => !wanted.some((file) => file.path === path)))
  const start: string[] = []
  const isRunning = await isFolder(places.runSystemd)
  for (const { path, action } of kept.filter(({ path }) => isTimer(path)))
    if (action !== 'keep' || (isRunning && !(await isLink(enabledBy(path))))) start.push(basename(path))
  const untimed = request.jobs.filter(({ schedule }) => !isTimed(schedule)).map(({ name }) => name)
  return { stop: removal.stop, files: [...removal.files, ...kept], start, untimed }
}

/** Works out how all that was installed for a stack is removed. */
export async function planRemove(stack: string, places: SystemPlaces): Promise<InstallPlan> {
  return { ...(await removalOf(await findInstalled(stack, places))), start: [], untimed: [] }
}

/** All files that are on this machine for a stack. */
export async function findInstalled(stack: string, { etcSystemd, etcCron }: SystemPlaces): Promise<MadeFile[]> {
  const names = [...(await namesIn(etcSystemd)), ...(await namesIn(etcCron))].filter((path) =>
    basename(path).startsWith('hikae-'),
  )
  const found: MadeFile[] = []
  for (const path of names) {
    const content = await readIfThere(path)
    if (content !== undefined && readOwnership(content)?.stack === stack) found.push({ path, content })
  }
  return found
}

export function isTimer(path: string): boolean {
  return path.endsWith('.timer')
}

async function removalOf(installed: readonly MadeFile[]): Promise<Pick<InstallPlan, 'stop' | 'files'>> {
  const timers = installed.map(({ path }) => path).filter(isTimer)
  const links: string[] = []
  for (const timer of timers) if (await isLink(enabledBy(timer))) links.push(enabledBy(timer))
  const files = [...links, ...installed.map(({ path }) => path)]
  return { stop: timers.map((timer) => basename(timer)), files: files.map((path) => ({ action: 'remove', path })) }
}

async function planFile({ path, content }: MadeFile): Promise<PlannedFile> {
  const before = await readIfThere(path)
  if (before === undefined) return { action: 'create', path, content }
  if (before === content) return { action: 'keep', path }
  const owner = readOwnership(before)
  const isOurs = owner !== undefined && owner.stack === readOwnership(content)!.stack
  if (isOurs) return { action: 'replace', path, content }
  throw new ScheduleError(
    'SCHEDULE_NOT_OURS',
    `${path} is there already, and ${owner ? `belongs to the stack ${owner.stack}` : 'is not from hikae'}`,
    { hint: `move ${path} away or give the stack another name (stack: in hikae.yaml); nothing was done` },
  )
}

/** The link by which systemd starts a timer with the machine. */
function enabledBy(timer: string): string {
  return join(dirname(timer), 'timers.target.wants', basename(timer))
}

async function isLink(path: string): Promise<boolean> {
  try {
    await readlink(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EINVAL') return false
    throw error
  }
}

/** What would be read as another line, as another word, or as nothing. */
function checkTexts({ program, config, user, stack, jobs }: InstallRequest): void {
  const names = [stack, user, ...jobs.map(({ name }) => name)]
  const bad = names.find((name) => !/^\w[\w.-]*$/.test(name))
  if (bad !== undefined) {
    throw new ScheduleError('SCHEDULE_BAD_NAME', `the name ${JSON.stringify(bad)} cannot be part of a schedule`, {
      hint: 'use letters, digits, dots, dashes and underscores; the name of the stack is stack: in hikae.yaml',
    })
  }
  const path = [program, config].find((text) => !isAbsolute(text) || /\p{Cc}|\\$/u.test(text))
  if (path === undefined) return
  throw new ScheduleError('SCHEDULE_BAD_NAME', `the path ${JSON.stringify(path)} cannot be written into a schedule`, {
    hint: 'name it from the root on, without line ends and other control characters',
  })
}

function otherStack({ stack, config }: InstallRequest, { path, content }: MadeFile): ScheduleError {
  const other = readOwnership(content)!.config
  return new ScheduleError(
    'SCHEDULE_OTHER_STACK',
    `${path} runs the stack ${stack} of ${other}, and this is the one of ${config}`,
    {
      hint: `run hikae schedule remove --config ${other} if that one is over, or give this stack another name (stack: in hikae.yaml); nothing was done`,
    },
  )
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort().map((name) => join(folder, name))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EISDIR') return undefined
    throw error
  }
}
