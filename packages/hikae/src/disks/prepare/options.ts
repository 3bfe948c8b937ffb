/** What `hikae disk prepare` is asked for. */
export interface PrepareOptions {
  /** Path of the device; links are followed. */
  readonly device: string
  /** Of the new file system: at most 16 bytes. */
  readonly label: string
  /** Where it is to be mounted: an absolute path. */
  readonly mount: string
  /** What is on the device may be erased if this is its serial number. */
  readonly eraseSerial?: string | undefined
  /** The same by the UUID of a file system or a partition table on it. */
  readonly eraseUuid?: string | undefined
  /** Table of file systems: `/etc/fstab`. */
  readonly fstab: string
  /** Of the new file system. */
  readonly newUuid: string
}

/** The smallest device that takes a journal and a few packs. */
export const SMALLEST_BYTES = 32 * 1024 * 1024

/** What ext4 has room for. */
export const LONGEST_LABEL_BYTES = 16
