import { stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { errorMessage, systemCode } from '../errors.ts'
import { DiskError } from './disk-error.ts'
import type { DiskChoice } from '../repositories/location.ts'
import { inspectDisk, type GuardOptions } from './guard.ts'

/** Guards a disk, and goes on watching whether it is still there. @throws {DiskError} as {@link guardDisk} does */
export async function watchDisk(options: GuardOptions): Promise<DiskWatch> {
  const { disk, mount, root, folder } = await inspectDisk(options)
  const { dev } = await stat(folder, { bigint: true })
  const watch = new DiskWatch(disk, mount, { root, repositoryDevice: dev })
  // All that was found out is true of one disk only if it was there from the beginning to the end.
  await watch.confirm()
  return watch
}

/**
 * Tells whether a disk that was there still is, at the cost of one system call. When a disk is unmounted while it is in
 * use (`umount -l`, or a desktop that tidies up after an unplugged disk), open files still reach it, but whatever is
 * opened from then on is on the disk below the mount point: that of the system.
 */
export class DiskWatch {
  readonly disk: DiskChoice
  readonly #mount: string
  readonly #root: BigIntStats
  readonly #repositoryDevice: bigint

  constructor(disk: DiskChoice, mount: string, seen: { root: BigIntStats; repositoryDevice: bigint }) {
    this.disk = disk
    this.#mount = mount
    this.#root = seen.root
    this.#repositoryDevice = seen.repositoryDevice
  }

  /**
   * @param cause of the question, for instance a write that failed
   * @throws {DiskError} `DISK_GONE`: another disk or none is there now
   */
  async confirm(cause?: unknown): Promise<void> {
    let now: BigIntStats
    try {
      now = await stat(this.#mount, { bigint: true })
    } catch (error) {
      throw this.gone(cause ?? error, errorMessage(error))
    }
    // A disk that is plugged in next may get the same device number: only its root directory is of another birth.
    const { dev, ino, birthtimeNs } = this.#root
    if (now.dev === dev && now.ino === ino && now.birthtimeNs === birthtimeNs) return
    throw this.gone(cause)
  }

  /**
   * Where a file that was just written is: on the disk, on another one, or nowhere to be seen.
   *
   * @param path below the mount point
   */
  async whereIs(path: string): Promise<'on-disk' | 'elsewhere' | 'absent'> {
    try {
      const { dev } = await stat(path, { bigint: true })
      return dev === this.#repositoryDevice ? 'on-disk' : 'elsewhere'
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return 'absent'
      throw error
    }
  }

  gone(cause?: unknown, why = `it is not mounted at ${this.disk.mount} any more`): DiskError {
    const { uuid, mount } = this.disk
    return new DiskError(
      'DISK_GONE',
      `disk ${uuid} went away while it was in use: ${why}`,
      `connect the disk with UUID ${uuid}, mount it at ${mount} and run the same command again; what was stored before is intact, and nothing was written to the disk below ${mount}`,
      cause,
    )
  }
}
