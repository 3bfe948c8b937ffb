import { mkdir, open, statfs } from 'node:fs/promises'
import { isRoot, missingPrograms } from './requirements.ts'
import { runOk, runProcess } from './run-process.ts'
import { makeTempDir } from './temp-dir.ts'

/** A file system of its own, for tests that fill it or make it read-only. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string
  /** Bytes that still fit. */
  freeBytes(): Promise<number>
  /** Uses up all but about `leaveBytes` with a file named `ballast`, which may be removed again. */
  fill(leaveBytes: number): Promise<void>
  remount(access: 'read-only' | 'read-write'): Promise<void>
  /** Takes the disk away; `path` is an empty folder from now on, as below any mount point. */
  unmount(): Promise<void>
}

/** Why {@link makeSmallDisk} cannot work here; undefined when it can. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  if (!isRoot()) return 'mounting a small disk needs root'
  const missing = await missingPrograms('mkfs.ext4', 'losetup', 'mount', 'umount')
  if (missing !== undefined) return missing
  const free = await runProcess('losetup', ['--find'])
  return free.exitCode === 0 ? undefined : 'there are no loop devices'
}

/** An ext4 file system in an image file, mounted through a loop device until it is disposed of. */
export async function makeSmallDisk(options: { sizeBytes?: number } = {}): Promise<SmallDisk> {
  await using made = new AsyncDisposableStack()
  const folder = made.use(await makeTempDir())
  const image = folder.join('disk.img')
  const path = folder.join('mounted')
  const file = await open(image, 'wx')
  await file.truncate(options.sizeBytes ?? 64 * 1024 * 1024)
  await file.close()
  await mkdir(path)
  await runOk('mkfs.ext4', ['-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image])
  await runOk('mount', ['-o', 'loop', image, path])
  const unmount = once(async () => void (await runOk('umount', ['--lazy', path])))
  made.defer(unmount)
  const owned = made.move()
  return {
    path,
    freeBytes: () => freeBytes(path),
    fill: (leaveBytes) => fill(path, leaveBytes),
    remount: async (access) =>
      void (await runOk('mount', ['-o', `remount,${access === 'read-only' ? 'ro' : 'rw'}`, path])),
    unmount,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let ran: Promise<void> | undefined
  return () => (ran ??= run())
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

async function fill(path: string, leaveBytes: number): Promise<void> {
  const file = await open(`${path}/ballast`, 'a')
  try {
    const step = Buffer.alloc(64 * 1024, 0x55)
    while ((await freeBytes(path)) > leaveBytes + step.length) {
      await file.write(step)
      // Delayed allocation: without this the free space would not shrink yet.
      await file.sync()
    }
  } finally {
    await file.close()
  }
}
