import { linkSync } from 'node:fs'
import { pathBytes } from '../../filesystem/byte-path.ts'
import { removeObstacle } from '../../workers/restore/output-files.ts'
import { lookUp } from './existing.ts'

/** Whether two paths name one file. */
export function isSameFile(path: string, other: string): boolean {
  const [found, wanted] = [lookUp(path), lookUp(other)]
  return found !== undefined && wanted !== undefined && found.ino === wanted.ino && found.dev === wanted.dev
}

/** Makes `path` a further name of `original`, in place of what is there. Throws system errors. */
export function makeLink(original: string, path: string): void {
  removeObstacle(path)
  linkSync(pathBytes(original), pathBytes(path))
}
