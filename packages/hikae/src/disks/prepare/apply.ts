import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isKnownError, systemCode } from '../../errors.ts'
import { DiskError } from '../disk-error.ts'
import { guardDisk } from '../guard.ts'
import { MARKER_FILE, markerText, readMarker } from '../marker.ts'
import type { DiskSystem } from '../system.ts'
import { addFstabLine } from './fstab-edit.ts'
import type { PrepareOptions } from './options.ts'
import { planPrepare, type PreparePlan, type PrepareStep } from './plan.ts'
import { ToolFailedError } from '../tool.ts'

/** A large and slow disk that has to forget its old content takes long. */
const FORMAT_TIMEOUT_MS = 4 * 60 * 60 * 1000

/** A file system that has to be looked through first. */
const MOUNT_TIMEOUT_MS = 10 * 60 * 1000

export interface ApplyOptions {
  readonly system: DiskSystem
  readonly now: Date
  readonly signal?: AbortSignal
  /** After each step, with what there is to know about it. */
  readonly onDone?: (step: PrepareStep, detail?: string) => void
}

/**
 * Does what a plan says, provided that it would still be the same. Every step is proven before the next: in the end the
 * disk is the one that the guard of repositories wants to see. Interrupted after any step, another run goes on.
 *
 * @throws {DiskError} `PLAN_OUTDATED`: something has changed since; nothing was done
 * @throws {ToolFailedError} a step failed; the steps before it were done
 */
export async function applyPrepare(plan: PreparePlan, asked: PrepareOptions, options: ApplyOptions): Promise<void> {
  const { system, signal, onDone } = options
  if (JSON.stringify(await planPrepare(asked, system)) !== JSON.stringify(plan)) {
    throw new DiskError(
      'PLAN_OUTDATED',
      `something about ${plan.device} or ${plan.mount} has changed since the plan was made; nothing was done`,
      'run the same command again and look at the new plan',
    )
  }
  for (const step of plan.steps) {
    signal?.throwIfAborted()
    const detail = await withHint(plan, () => perform(step, plan, options))
    onDone?.(step, detail)
  }
  const { uuid, mount } = plan
  await guardDisk({ path: mount, disk: { uuid, mount }, system })
  if ((await readMarker(mount))?.uuid === uuid) return
  throw new DiskError(
    'DISK_OTHER',
    `${mount} lacks the file ${MARKER_FILE} of the new disk`,
    `look with \`findmnt ${mount}\` at what is mounted there`,
  )
}

async function perform(step: PrepareStep, plan: PreparePlan, options: ApplyOptions): Promise<string | undefined> {
  const { system, now } = options
  switch (step.kind) {
    case 'erase':
      await system.run('wipefs', ['--all', plan.device], { timeoutMs: FORMAT_TIMEOUT_MS })
      return undefined
    case 'format':
      await format(plan, options)
      return undefined
    case 'make-mount-point':
      await mkdir(dirname(plan.mount), { recursive: true })
      await mkdir(plan.mount, { mode: 0o700 })
      return undefined
    case 'add-to-fstab':
      return await addFstabLine(plan.fstab, step.line, { system, now })
    case 'mount':
      await tellSystemd(plan, system)
      // By the table, which proves that its line works.
      await system.run('mount', ['--fstab', plan.fstab, plan.mount], { timeoutMs: MOUNT_TIMEOUT_MS })
      return undefined
  }
}

/**
 * A file system on the whole device. The marker is a part of it from its first moment: one without was not finished.
 * Nothing is set aside for root, whose system is not on it.
 */
async function format({ device, label, uuid }: PreparePlan, { system, now }: ApplyOptions): Promise<void> {
  const content = await mkdtemp(join(tmpdir(), 'hikae-disk-'))
  try {
    const marker = markerText({ uuid, label, preparedAt: now.toISOString() })
    // No secret: whoever may list disks may know.
    await writeFile(join(content, MARKER_FILE), marker, { mode: 0o644 })
    const args = ['-q', '-F', '-m', '0', '-L', label, '-U', uuid, '-d', content, device]
    await system.run('mkfs.ext4', args, { timeoutMs: FORMAT_TIMEOUT_MS })
  } finally {
    await rm(content, { recursive: true })
  }
}

/** systemd has made units of the old table, and would unmount what it does not know. */
async function tellSystemd({ fstab }: PreparePlan, system: DiskSystem): Promise<void> {
  if (fstab !== '/etc/fstab') return
  try {
    await stat('/run/systemd/system')
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return
  }
  await system.run('systemctl', ['daemon-reload'])
}

async function withHint<T>({ device }: PreparePlan, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!isKnownError(error) || error.code !== 'TOOL_FAILED') throw error
    throw new ToolFailedError(error.message, {
      hint: `when the cause is removed, run the same command again: what was done to ${device} is kept, and it goes on`,
      cause: error,
    })
  }
}
