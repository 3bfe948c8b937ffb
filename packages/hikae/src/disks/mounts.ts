import { z } from 'zod'

/** A file system in the tree of folders. */
export interface MountedFileSystem {
  readonly target: string
  /** `/dev/sdb1`, `server:/export`, `tmpfs`. */
  readonly source: string
  /** `ext4` */
  readonly type: string
  /** By the mount or by the file system itself, as after an error of the disk. */
  readonly readOnly: boolean
  /** Major and minor number, `8:17`; not the device's own for btrfs. */
  readonly number: string
}

/** What {@link parseMounts} understands. */
export const MOUNT_COLUMNS = 'TARGET,SOURCE,FSTYPE,VFS-OPTIONS,FS-OPTIONS,MAJ:MIN'

const schema = z.object({
  filesystems: z.array(
    z.object({
      target: z.string(),
      source: z.string().nullable(),
      fstype: z.string(),
      'vfs-options': z.string().nullable(),
      'fs-options': z.string().nullable(),
      'maj:min': z.string(),
    }),
  ),
})

/** Reads the output of `findmnt --json --list`, oldest mount first; nothing at all when nothing was found. */
export function parseMounts(output: string): MountedFileSystem[] {
  if (output.trim() === '') return []
  return schema.parse(JSON.parse(output)).filesystems.map((found) => ({
    target: found.target,
    source: found.source ?? '',
    type: found.fstype,
    readOnly: [found['vfs-options'], found['fs-options']].some((options) => options?.split(',').includes('ro')),
    number: found['maj:min'].trim(),
  }))
}
