import { chmodSync, fchmodSync, fchownSync, lchownSync } from 'node:fs'
import { parseTime } from '../json/go-time.ts'
import { isSystemError } from '../native/system-call-error.ts'
import { posixMode } from '../tree/mode.ts'
import type { Node } from '../tree/node.ts'
import { pathBytes, printablePath } from './byte-path.ts'
import { replaceAttributes } from './replace-attributes.ts'
import { setTimes, setTimesOfDescriptor, type FileTimes } from './times.ts'
import type { AttributeOwner } from './xattr.ts'

/** What of a node can be put on a file. */
export type NodeMetadata = Pick<Node, 'type' | 'mode' | 'uid' | 'gid' | 'mtime' | 'atime' | 'extendedAttributes'>

/** Something about a restored entry that could not be made as it was; its content is not touched by this. */
export interface MetadataWarning {
  /** Printable. */
  readonly path: string
  readonly part: 'owner' | 'extended attributes' | 'times' | 'mode'
  readonly error: Error
}

export interface ApplyOptions {
  /**
   * The process may give files to others (`geteuid() === 0`). When not, owners and attributes that only root may set
   * are left as they are without a warning: nobody expects them.
   */
  readonly privileged: boolean
  readonly onWarning: (warning: MetadataWarning) => void
  /** Extended attributes to touch, by name; all of them by default. */
  readonly wantsAttribute?: ((name: string) => boolean) | undefined
}

/**
 * Gives the entry at a path the metadata of a node: owner, extended attributes, times, mode, in the order in which none
 * undoes another (§16). Symlinks are not followed, and have no mode. A directory is done after what is in it.
 *
 * @param path absolute byte string
 */
export function applyMetadata(path: string, metadata: NodeMetadata, options: ApplyOptions): void {
  apply(path, metadata, options, {
    attributeOwner: path,
    chown: () => lchownSync(pathBytes(path), metadata.uid, metadata.gid),
    setTimes: (times) => setTimes(path, times),
    chmod: (mode) => chmodSync(pathBytes(path), mode),
  })
}

/** The same for a regular file that is open, at half the cost; `path` is for warnings. */
export function applyMetadataToFile(
  descriptor: number,
  path: string,
  metadata: NodeMetadata,
  options: ApplyOptions,
): void {
  apply(path, metadata, options, {
    attributeOwner: descriptor,
    chown: () => fchownSync(descriptor, metadata.uid, metadata.gid),
    setTimes: (times) => setTimesOfDescriptor(descriptor, times),
    chmod: (mode) => fchmodSync(descriptor, mode),
  })
}

interface Target {
  readonly attributeOwner: AttributeOwner
  chown(): void
  setTimes(times: FileTimes): void
  chmod(mode: number): void
}

const SET_USER_OR_GROUP_ID = 0o6000

function apply(path: string, metadata: NodeMetadata, options: ApplyOptions, target: Target): void {
  const warn = (part: MetadataWarning['part'], error: Error) =>
    options.onWarning({ path: printablePath(path), part, error })
  const attempt = (part: MetadataWarning['part'], action: () => void) => {
    try {
      action()
    } catch (error) {
      if (!isSystemError(error)) throw error
      warn(part, error)
    }
  }

  const owned = changeOwner(target, options, (error) => warn('owner', error))
  attempt('extended attributes', () =>
    replaceAttributes(target.attributeOwner, metadata.extendedAttributes ?? [], {
      privileged: options.privileged,
      wants: options.wantsAttribute,
      onError: (error) => warn('extended attributes', error),
    }),
  )
  const times = { atimeNs: parseTime(metadata.atime), mtimeNs: parseTime(metadata.mtime) }
  attempt('times', () => target.setTimes(times))
  if (metadata.type === 'symlink') return
  const mode = posixMode(metadata.mode) & 0o7777
  if (owned || metadata.type !== 'file' || (mode & SET_USER_OR_GROUP_ID) === 0) {
    attempt('mode', () => target.chmod(mode))
    return
  }
  // The bits would lend the rights of whoever owns the file now, which nobody asked for.
  attempt('mode', () => target.chmod(mode & ~SET_USER_OR_GROUP_ID))
  warn('mode', new Error('set-user-id and set-group-id are left out: the owner is another one than in the snapshot'))
}

/** False when the owner is not the node's. */
function changeOwner(target: Target, options: ApplyOptions, warn: (error: Error) => void): boolean {
  try {
    target.chown()
    return true
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (options.privileged || (error.code !== 'EPERM' && error.code !== 'EACCES')) warn(error)
    return false
  }
}
