import type { FileEntry } from '@hikae/engine'
import { stat } from 'node:fs/promises'

/** A file of this machine, under another name. What it says of its state lets an unchanged one be recognised. */
export async function storedFile(name: string, path: string): Promise<FileEntry> {
  const found = await stat(path, { bigint: true })
  return {
    kind: 'file',
    name,
    content: { kind: 'path', path: Buffer.from(path) },
    metadata: {
      mode: Number(found.mode),
      uid: Number(found.uid),
      gid: Number(found.gid),
      mtimeNs: found.mtimeNs,
      atimeNs: found.atimeNs,
      ctimeNs: found.ctimeNs,
      inode: found.ino,
      deviceId: found.dev,
      links: 1n,
      rdev: 0n,
      size: Number(found.size),
    },
  }
}
