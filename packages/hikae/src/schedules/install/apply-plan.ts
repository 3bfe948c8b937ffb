import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorMessage, systemCode } from '../../errors.ts'
import { runProgram } from '../../process/program.ts'
import { changesNothing, type InstallPlan, type PlannedFile } from './install-plan.ts'
import type { SystemPlaces } from './install-request.ts'
import { isFolder } from './is-folder.ts'
import { ScheduleError } from './schedule-error.ts'

const SYSTEMCTL_TIMEOUT_MS = 2 * 60_000

export interface ApplyOptions {
  readonly signal: AbortSignal
  readonly places: SystemPlaces
  /** Default `systemctl`. */
  readonly systemctl?: string
}

/** What was not done, because there was nobody to do it. */
export interface Applied {
  readonly notes: readonly string[]
}

/**
 * Does what a plan says. Interrupted anywhere, the same command goes on: a new plan holds what is left.
 *
 * @throws {ScheduleError} a file cannot be written
 * @throws {ProgramFailedError} systemctl failed
 */
export async function applyPlan(plan: InstallPlan, options: ApplyOptions): Promise<Applied> {
  if (changesNothing(plan)) return { notes: [] }
  const { files, stop, start } = plan
  const isRunning = await isFolder(options.places.runSystemd)
  const systemctl = async (...args: string[]): Promise<void> => {
    if (isRunning) await runSystemctl(args, options)
  }
  if (stop.length > 0) await systemctl('disable', '--now', ...stop)
  for (const file of files) await withHint(file, () => applyFile(file))
  const touchesUnits = [...stop, ...start].length > 0 || files.some(({ path }) => path.endsWith('.service'))
  if (touchesUnits) await systemctl('daemon-reload')
  if (start.length > 0) {
    await systemctl('enable', ...start)
    // A timer that runs already takes its new times then.
    await systemctl('restart', ...start)
  }
  if (isRunning || !touchesUnits) return { notes: [] }
  return { notes: [`systemd does not run here, and was told nothing${start.length > 0 ? commandsLater(start) : ''}`] }
}

async function runSystemctl(args: readonly string[], { systemctl = 'systemctl', signal }: ApplyOptions): Promise<void> {
  await runProgram([systemctl, ...args], { signal, timeoutMs: SYSTEMCTL_TIMEOUT_MS })
}

async function applyFile(file: PlannedFile): Promise<void> {
  switch (file.action) {
    case 'create':
    case 'replace':
      return replaceFile(file.path, file.content)
    case 'remove':
      return rm(file.path, { force: true })
    case 'keep':
      return
  }
}

/** Whole or not at all. It holds no secret, and whoever looks after the machine may read it. */
async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // cron and systemd ignore such names.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await using file = await open(temporary, 'wx', 0o644)
    await file.chmod(0o644)
    await file.writeFile(content)
    await file.datasync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function withHint({ action, path }: PlannedFile, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    throw new ScheduleError('SCHEDULE_UNWRITABLE', `cannot ${action} ${path}: ${errorMessage(error)}`, {
      hint:
        code === 'EACCES' || code === 'EPERM'
          ? 'run the same command as root, with --user to say who makes the backups'
          : 'remove the cause and run the same command again: it goes on where it stopped',
      cause: error,
    })
  }
}

function commandsLater(timers: readonly string[]): string {
  return `; where it does: systemctl daemon-reload && systemctl enable --now ${timers.join(' ')}`
}
