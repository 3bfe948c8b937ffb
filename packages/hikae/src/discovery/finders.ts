import type { Finder } from './finder.ts'
import { dockerFinder } from './finders/docker.ts'
import { filesFinder } from './finders/files.ts'
import { gitFinder } from './finders/git.ts'
import { settingsFinder } from './finders/settings.ts'
import { sqliteFinder } from './finders/sqlite.ts'

/** Everything that is looked for; what is left goes to the files, which come last. */
export const FINDERS: readonly Finder[] = [settingsFinder, sqliteFinder, gitFinder, dockerFinder, filesFinder]
