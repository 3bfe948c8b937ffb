/** A file that Git LFS keeps outside of the repository. */
export interface LfsObject {
  /** SHA-256 of the content. */
  readonly oid: string
  /** Bytes. */
  readonly size: number
}

/** How long a pointer can be. */
export const POINTER_SIZES = { holds: (size: number): boolean => size >= 110 && size < 1024 } as const

const VERSION = 'version https://git-lfs.github.com/spec/v1\n'

/** @param content of a blob, as latin1 */
export function parsePointer(content: string): LfsObject | undefined {
  if (!content.startsWith(VERSION)) return undefined
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(content)?.[1]
  const size = /^size (\d{1,15})$/m.exec(content)?.[1]
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) }
}

/** Where an object lies, in the way of git-lfs. */
export function objectPath(oid: string): string {
  return `${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`
}
