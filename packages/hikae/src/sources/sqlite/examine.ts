import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { SqliteConfig } from './config.ts'
import { DatabaseProcess } from './database-process.ts'
import { findDatabases } from './find-databases.ts'

/** Looks at names and first bytes. As long as one database can be saved, what is wrong with others is a warning. */
export async function examineDatabases(config: SqliteConfig, context: SourceContext): Promise<readonly Finding[]> {
  const { paths, findings } = await findDatabases(config, context.folder, context.signal)
  await using database = new DatabaseProcess(context.env, context.signal)
  const problems: Finding[] = []
  for (const path of paths) problems.push(...(await problemWith(database, path, context.signal)))
  const severity = problems.length < paths.length ? 'warning' : 'error'
  return [...findings, ...problems].map((finding) => ({ ...finding, severity }))
}

async function problemWith(database: DatabaseProcess, path: string, signal: AbortSignal): Promise<Finding[]> {
  try {
    if ((await database.run('look', { path })) !== 'other') return []
    return [
      {
        severity: 'error',
        message: `${path} is no SQLite database, or an encrypted one`,
        hint: 'leave it out with exclude, or save it with a source of the kind command',
      },
    ]
  } catch (error) {
    signal.throwIfAborted()
    return [
      {
        severity: 'error',
        message: `${path} cannot be read: ${errorMessage(error)}`,
        hint: 'run Hikae as a user that may read it',
      },
    ]
  }
}
