import { KnownError } from '@hikae/engine'

/** What is the matter with a disk; part of the public interface. */
export type DiskErrorCode =
  | 'DISK_FULL'
  | 'DISK_GONE'
  | 'DISK_IN_USE'
  | 'DISK_IS_ROOT'
  | 'DISK_IS_SYSTEM'
  | 'DISK_MOUNT_POINT_MISSING'
  | 'DISK_MOUNT_POINT_TAKEN'
  | 'DISK_NOT_A_DEVICE'
  | 'DISK_NOT_EMPTY'
  | 'DISK_NOT_MOUNTED'
  | 'DISK_OTHER'
  | 'DISK_OTHER_THAN_NAMED'
  | 'DISK_PATH_OUTSIDE'
  | 'DISK_READ_ONLY'
  | 'DISK_TOO_SMALL'
  | 'DISK_UNKNOWN'
  | 'FSTAB_REFUSED'
  | 'FSTAB_TAKEN'
  | 'PLAN_OUTDATED'
  | 'ROOT_NEEDED'

/** A disk that cannot be used as it was meant to be, before anything was written to it or instead of it. */
export class DiskError extends KnownError {
  override readonly name = 'DiskError'
  readonly code: DiskErrorCode

  constructor(code: DiskErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, { hint, cause })
    this.code = code
  }
}
