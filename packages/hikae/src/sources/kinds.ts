import { commandSource } from './command/command-source.ts'
import { composeSource } from './compose/compose-source.ts'
import { containerFilesSource } from './container-files/container-files-source.ts'
import { dockerImagesSource } from './docker-images/docker-images-source.ts'
import { dockerVolumesSource } from './docker-volumes/docker-volumes-source.ts'
import { filesSource } from './files/files-source.ts'
import { gitSource } from './git/git-source.ts'
import { postgresSource } from './postgres/postgres-source.ts'
import { mysqlSource } from './mysql/mysql-source.ts'
import type { SourceKind } from './source-kind.ts'
import { sqliteSource } from './sqlite/sqlite-source.ts'
import { swarmSource } from './swarm/swarm-source.ts'

/** Every kind of source; a new one is its folder and a line here. */
export const SOURCE_KINDS: readonly SourceKind[] = [
  filesSource,
  sqliteSource,
  mysqlSource,
  postgresSource,
  gitSource,
  commandSource,
  dockerVolumesSource,
  containerFilesSource,
  dockerImagesSource,
  composeSource,
  swarmSource,
]
