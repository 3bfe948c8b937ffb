import { makeTempDir, type TempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { type SqliteConfig, sqliteSchema } from '../../src/sources/sqlite/config.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import type { ReadContext, Restored } from '../../src/sources/source-kind.ts'
import type { SourceReport } from '../../src/points/read-source.ts'
import { SourceGround } from '../support/source-ground.ts'

/** A folder, a repository, and the kind of source that is tried, with its configuration as the stack file has it. */
export class SqliteGround {
  readonly dir: TempDir
  readonly ground: SourceGround

  constructor(dir: TempDir, ground: SourceGround) {
    this.dir = dir
    this.ground = ground
  }

  context(signal?: AbortSignal): ReadContext {
    return this.ground.context(this.dir.path, signal)
  }

  async backUp(given: unknown): Promise<SourceReport> {
    return await this.ground.backUp(sqliteSource, this.config(given), this.context())
  }

  /** The newest snapshot. */
  async restore(to?: string): Promise<Restored> {
    const plan = await this.plan(to)
    return await plan.apply(new AbortController().signal)
  }

  async plan(to?: string) {
    const point = await this.ground.point()
    return await sqliteSource.planRestore(
      this.config({ path: 'x' }),
      point,
      to === undefined ? {} : { to },
      this.context(),
    )
  }

  config(given: unknown): SqliteConfig {
    return sqliteSchema.parse(given)
  }
}

export const test = base.extend('on', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return new SqliteGround(dir, await SourceGround.create(dir))
})
