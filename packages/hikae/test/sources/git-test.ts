import { makeTempDir, type TempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { type GitConfig, gitConfig } from '../../src/sources/git/config.ts'
import { makeGitSource } from '../../src/sources/git/git-source.ts'
import type { OpenSource, ReadContext, Restored, SourceReading } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from '../support/source-ground.ts'

/** For trying the kind `git` as a stack file would use it. */
export class GitTrial {
  readonly dir: TempDir
  readonly ground: SourceGround
  readonly kind = makeGitSource({ stallSeconds: 2 })
  readonly context: ReadContext

  constructor(dir: TempDir, ground: SourceGround) {
    this.dir = dir
    this.ground = ground
    this.context = ground.context(dir.path)
  }

  /** Lines of the log so far. */
  get log(): string {
    return this.ground.logged.join('\n')
  }

  async backUp(
    config: object,
    context: Partial<ReadContext> = {},
  ): Promise<SourceReading & { readonly added: number }> {
    const all = { ...this.context, ...context }
    const { backup, reading } = await this.ground.backUp(this.kind, parse(config), all)
    if (backup.outcome !== 'succeeded' || reading === undefined) throw new Error(`the backup ${backup.outcome}`)
    return { ...reading, added: backup.repositories[0]!.summary.dataAdded }
  }

  parse(config: object): GitConfig {
    return parse(config)
  }

  async open(config: object, context: Partial<ReadContext> = {}): Promise<OpenSource> {
    return await this.kind.open(parse(config), { ...this.context, ...context })
  }

  async restore(
    config: object,
    point: SourcePoint,
    to?: string,
    context: Partial<ReadContext> = {},
  ): Promise<Restored> {
    const all = { ...this.context, ...context }
    const plan = await this.kind.planRestore(parse(config), point, to === undefined ? {} : { to }, all)
    return await plan.apply(this.context.signal)
  }
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
export const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('trial', async ({ dir }) => new GitTrial(dir, await SourceGround.create(dir)))
// oxlint-enable no-empty-pattern

function parse(config: object): GitConfig {
  return gitConfig.parse(config)
}
