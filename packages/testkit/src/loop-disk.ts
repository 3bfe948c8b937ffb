import { mkdir, open } from 'node:fs/promises'
import { isRoot, missingPrograms } from './requirements.ts'
import { runOk, runProcess } from './run-process.ts'
import { makeTempDir } from './temp-dir.ts'

const MIB = 1024 * 1024

export interface LoopDiskOptions {
  /** 64 MiB by default. */
  readonly sizeBytes?: number
  /** Makes a file system when given. */
  readonly fileSystem?: 'ext4' | 'swap'
  readonly label?: string
  readonly uuid?: string
  /** Nothing can be written to the device. */
  readonly readOnly?: boolean
}

/** A disk of its own: an image file behind a loop device. Disposing of it unmounts it wherever it is, and detaches it. */
export interface LoopDisk extends AsyncDisposable {
  /** `/dev/loop3` */
  readonly device: string
  /** An empty folder for it to be mounted at. */
  readonly mountPoint: string
  mount(folder?: string): Promise<void>
  /** Takes the top mount away also while it is in use, as an unplugged disk is: open files still reach it. */
  unmountLazily(folder?: string): Promise<void>
  remount(access: 'read-only' | 'read-write'): Promise<void>
  /** Of the file system; undefined without one. */
  uuid(): Promise<string | undefined>
}

/** Why {@link makeLoopDisk} cannot work here; undefined when it can. */
export async function whyNoLoopDisk(): Promise<string | undefined> {
  if (!isRoot()) return 'loop devices need root'
  const missing = await missingPrograms(
    'losetup',
    'mkfs.ext4',
    'mkswap',
    'mount',
    'umount',
    'blkid',
    'findmnt',
    'lsblk',
  )
  if (missing !== undefined) return missing
  const free = await runProcess('losetup', ['--find'])
  return free.exitCode === 0 ? undefined : 'there are no loop devices'
}

/** Needs root; see {@link whyNoLoopDisk}. */
export async function makeLoopDisk(options: LoopDiskOptions = {}): Promise<LoopDisk> {
  await using made = new AsyncDisposableStack()
  const folder = made.use(await makeTempDir())
  const image = folder.join('disk.img')
  const mountPoint = folder.join('mounted')
  await mkdir(mountPoint)
  await makeImage(image, options)
  const access = options.readOnly ? ['--read-only'] : []
  const device = (await runOk('losetup', [...access, '--find', '--show', image])).stdout.trim()
  made.defer(async () => void (await runOk('losetup', ['--detach', device])))
  made.defer(() => unmountEverywhere(device))
  const owned = made.move()
  return {
    device,
    mountPoint,
    mount: async (at = mountPoint) => void (await runOk('mount', [device, at])),
    unmountLazily: async (at = mountPoint) => void (await runOk('umount', ['--lazy', at])),
    remount: async (to) =>
      void (await runOk('mount', ['-o', `remount,${to === 'read-only' ? 'ro' : 'rw'}`, mountPoint])),
    uuid: async () => {
      const { stdout } = await runProcess('blkid', ['--probe', '--output', 'value', '--match-tag', 'UUID', device])
      return stdout.trim() || undefined
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeImage(path: string, { sizeBytes = 64 * MIB, fileSystem, label, uuid }: LoopDiskOptions) {
  const file = await open(path, 'wx')
  await file.truncate(sizeBytes)
  await file.close()
  if (fileSystem === undefined) return
  const names = [...(label === undefined ? [] : ['-L', label]), ...(uuid === undefined ? [] : ['-U', uuid])]
  if (fileSystem === 'swap') await runOk('mkswap', [...names, path])
  else await runOk('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', ...names, path])
}

async function unmountEverywhere(device: string): Promise<void> {
  const { stdout } = await runProcess('findmnt', ['--noheadings', '--list', '--output', 'TARGET', '--source', device])
  const targets = stdout.split('\n').filter((target) => target !== '')
  for (const target of targets.toReversed()) await runOk('umount', ['--lazy', target])
}
