import { makeTempDir, skipBecause, type TempDir, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, test as base } from 'vitest'
import type { SourceReport } from '../../src/points/read-source.ts'
import type { ReadContext, Restored, RestorePlan } from '../../src/sources/source-kind.ts'
import type { SwarmConfig } from '../../src/sources/swarm/config.ts'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { SourceGround } from '../support/source-ground.ts'
import { SwarmGround } from './swarm-ground.ts'

export const skip = skipBecause(await whyNoDocker())

/** A swarm for all tests of a file, begun anew by those that want it empty. */
export function sharedSwarm(): () => SwarmGround {
  let ground: SwarmGround
  beforeAll(async () => {
    if (!skip) ground = await SwarmGround.start()
  }, 60_000)
  afterAll(async () => {
    await ground?.[Symbol.asyncDispose]()
  })
  return () => ground
}

/** A repository, and a folder for the test's own files. */
export class SwarmBackups {
  readonly dir: TempDir
  readonly ground: SourceGround

  constructor(dir: TempDir, ground: SourceGround) {
    this.dir = dir
    this.ground = ground
  }

  context(signal?: AbortSignal): ReadContext {
    return this.ground.context(this.dir.path, signal)
  }

  async backUp(config: SwarmConfig): Promise<SourceReport> {
    return await this.ground.backUp(swarmSource, config, this.context())
  }

  /** Of the newest snapshot. */
  async plan(config: SwarmConfig, to?: string): Promise<RestorePlan> {
    const point = await this.ground.point()
    return await swarmSource.planRestore(config, point, to === undefined ? {} : { to }, this.context())
  }

  async restore(config: SwarmConfig, to?: string): Promise<Restored> {
    return await (await this.plan(config, to)).apply(new AbortController().signal)
  }

  /** Undoes the last restore. */
  async undo(config: SwarmConfig): Promise<Restored> {
    const [newest] = await swarmSource.kept!(config, this.context())
    return await (await newest!.planUndo(this.context())).apply(new AbortController().signal)
  }
}

export const test = base.extend('on', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return new SwarmBackups(dir, await SourceGround.create(dir))
})
