import { makeTempDir, type Postgres, startPostgres, type TempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { type PostgresConfig, postgresSchema } from '../../src/sources/postgres/config.ts'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import type { ReadContext, Restored, RestoreOptions } from '../../src/sources/source-kind.ts'
import type { SourceReport } from '../../src/points/read-source.ts'
import { SourceGround } from '../support/source-ground.ts'

/** One server for a file of tests, and for each test a repository and a configuration as the stack file has it. */
export class PostgresGround {
  readonly server: Postgres
  readonly dir: TempDir
  readonly ground: SourceGround

  constructor(server: Postgres, dir: TempDir, ground: SourceGround) {
    this.server = server
    this.dir = dir
    this.ground = ground
  }

  config(given: object): PostgresConfig {
    const { server } = this
    const login = { user: server.user, password: { env: 'PASSWORD_OF_TEST' } }
    return postgresSchema.parse({ host: server.host, port: server.port, programs: server.binDir, ...login, ...given })
  }

  context(signal?: AbortSignal): ReadContext {
    const env = { ...process.env, PASSWORD_OF_TEST: this.server.password, READER_PASSWORD: 'of the reader' }
    return { ...this.ground.context(this.dir.path, signal), env }
  }

  async backUp(given: object): Promise<SourceReport> {
    return await this.ground.backUp(postgresSource, this.config(given), this.context())
  }

  async restore(given: object, options: RestoreOptions = {}): Promise<Restored> {
    const plan = await postgresSource.planRestore(
      this.config(given),
      await this.ground.point(),
      options,
      this.context(),
    )
    return await plan.apply(new AbortController().signal)
  }

  /** Names of databases, templates left out. */
  async databases(): Promise<string[]> {
    const names = await this.server.query(
      "select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1",
    )
    return names === '' ? [] : names.split('\n')
  }
}

export const test = base
  // oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startPostgres()
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
  // oxlint-enable no-empty-pattern
  .extend('on', async ({ server }, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return new PostgresGround(server, dir, await SourceGround.create(dir))
  })
