import { relative, sep } from 'node:path'

/** Whether `path` is `folder` or inside of it. Both absolute and without links. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}
