import type { MigrationName } from '@hikae/engine'

/** What can be done to a repository, by restic's names. */
export const MIGRATIONS: Readonly<Record<MigrationName, string>> = {
  upgrade_repo_v2: 'upgrade the repository to format version 2, which compresses',
}
