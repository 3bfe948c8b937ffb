import { resolve } from 'node:path'
import { UsageError } from '../../errors.ts'
import { normalName } from '../../docker/compose/compose-files.ts'

/** Where a project is restored to, when that is not its own place. */
export interface RestoreTarget {
  /** Absolute. */
  readonly folder: string
  /** The new name of the project; its own when absent. */
  readonly name?: string
}

/**
 * @param to `/srv/shop`, `./shop`, or with a new name for the project, `staging:/srv/staging`
 * @throws {UsageError} it is neither
 */
export function restoreTarget(to: string, folder: string): RestoreTarget {
  const [, name, path] = /^([^:/.][^:/]*):(.+)$/s.exec(to) ?? []
  if (name === undefined) return { folder: resolve(folder, to) }
  if (name === normalName(name)) return { folder: resolve(folder, path!), name }
  throw new UsageError(`'${name}' cannot be the name of a Compose project`, {
    hint: `names have small letters, digits, - and _, and begin with a letter or digit: ${normalName(name) || 'shop'}:${path}`,
  })
}
