import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProcess, skipBecause, type TempDir, whyNoDocker } from '@hikae/testkit'
import { describe, type ExpectStatic } from 'vitest'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { Finding } from '../../src/sources/finding.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import { ownProcess } from '../../src/state/process-origin.ts'
import type { ExchangeOrder } from './docker-volumes-exchange-program.ts'
import { type DockerGround, test } from './docker-volumes-ground.ts'

const PROGRAM = join(import.meta.dirname, 'docker-volumes-exchange-program.ts')
/** An exchange makes fewer changes. */
const MOST_CHANGES = 200
const OVER = JSON.stringify({ ...ownProcess(), started: 1 })

const flags = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])

/** Two volumes, and two that were built to take their places; and one that is gone. */
class Together {
  readonly docker: DockerGround
  readonly pairs: readonly { readonly live: string; readonly fresh: string }[]
  readonly #order: Omit<ExchangeOrder, 'at' | 'of'>
  readonly #context: ReadContext

  constructor(docker: DockerGround, dir: TempDir, context: ReadContext, way: ExchangeOrder['way']) {
    this.docker = docker
    this.#context = context
    const lives = [docker.name(`together-${way}-`), docker.name(`together-${way}-`)]
    this.pairs = lives.map((live) => ({ live, fresh: `${live}.hikae-new-1` }))
    const { host, dataRoot } = docker.docker
    const gone = docker.name(`gone-${way}-`)
    this.#order = { host, dataRoot, way, pairs: this.pairs, gone, folder: dir.path }
  }

  /** Of all that are restored. */
  get names(): string[] {
    return [...this.pairs.map(({ live }) => live), this.#order.gone]
  }

  async prepare(): Promise<void> {
    await mkdir(`${this.#order.folder}/state`, { recursive: true, mode: 0o700 })
    const left = await this.docker.volumes(this.#order.gone)
    if (left.length > 0) await this.docker.docker.docker('volume', 'rm', ...left)
    for (const { live, fresh } of this.pairs) {
      await this.docker.remake(live, { state: 'old' })
      await this.docker.docker.docker('volume', 'create', ...flags({ 'hikae.new': live, 'hikae.by': OVER }), fresh)
      await this.docker.fill(fresh, { state: 'new' })
    }
  }

  /** @returns whether it came to its end */
  async exchange(at: number, of: ExchangeOrder['of']): Promise<boolean> {
    const order: ExchangeOrder = { ...this.#order, at, of }
    const args = ['-C', '@hikae/source', PROGRAM, JSON.stringify(order)]
    const { exitCode, signal, stderr } = await runProcess(process.execPath, args)
    if (exitCode === null && signal !== 'SIGKILL') throw new Error(stderr)
    return exitCode !== null
  }

  async settle(): Promise<readonly Finding[]> {
    const config = this.docker.config({ names: this.pairs.map(({ live }) => live) })
    return await dockerVolumesSource.settle!(config, this.#context)
  }

  /** What each of them has, and is kept of it. */
  async found(): Promise<{ readonly states: unknown[]; readonly kept: unknown[][] }> {
    const states: unknown[] = []
    const kept: unknown[][] = []
    for (const { live } of this.pairs) {
      states.push((await this.docker.contents(live))['state'])
      const others = (await this.docker.volumes(live)).filter((name) => name !== live)
      const contents = others.map(async (name) => (await this.docker.contents(name))['state'])
      kept.push(await Promise.all(contents))
    }
    const made = await this.docker.volumes(this.#order.gone)
    for (const name of made) states.push((await this.docker.contents(name))['state'])
    return { states, kept }
  }
}

const ALL_OLD = { states: ['old', 'old'], kept: [[], []] }
const ALL_NEW = { states: ['new', 'new', 'new'], kept: [['old'], ['old']] }

/** @param step tries every so manieth change only */
async function killEverywhere(together: Together, step: number, expect: ExpectStatic): Promise<void> {
  const seen = new Set<string>()
  for (let at = 1; at < MOST_CHANGES; at += step) {
    await together.prepare()
    const isEnded = await together.exchange(at, 'all')
    const findings = await together.settle()
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
    const found = await together.found()
    const isNew = found.states[0] === 'new'
    expect(found).toEqual(isNew ? ALL_NEW : ALL_OLD)
    expect(await together.docker.volumes('hikae-exchange')).toEqual([])
    expect(await together.settle()).toEqual([])
    seen.add(`${isEnded ? 'ended' : 'killed'}, ${isNew ? 'new' : 'old'}`)
    if (isEnded) break
  }
  expect([...seen].toSorted()).toEqual(['ended, new', 'killed, new', 'killed, old'])
}

describe.skipIf(skipBecause(await whyNoDocker()))('several volumes whose restore is killed', () => {
  test(
    'all have the old content or all the new, wherever that happens',
    { timeout: 120_000 },
    async ({ docker, dir, context, expect }) => {
      await killEverywhere(new Together(docker, dir, context, 'direct'), 4, expect)
    },
  )

  test('so too where nothing can be renamed', { timeout: 120_000 }, async ({ docker, dir, context, expect }) => {
    await killEverywhere(new Together(docker, dir, context, 'archive'), 19, expect)
  })

  test(
    'while it is taken back all have the old content',
    { timeout: 60_000 },
    async ({ docker, dir, context, expect }) => {
      const together = new Together(docker, dir, context, 'direct')
      // Two renames for each volume and direction: after the first or second of those back.
      for (const at of [6, 7]) {
        await together.prepare()
        const mounts = together.pairs.flatMap(({ live }, number) => ['--volume', `${live}:/data${number}`])
        const picky = await docker.run('grep -q old /data0/state && sleep 1000', ...mounts)
        expect(await together.exchange(at, 'renames')).toBe(false)
        expect(await together.settle()).toEqual([
          {
            severity: 'warning',
            message: `a restore of the volumes ${together.names.join(', ')} was interrupted while it was taken back: what was there before is in place again`,
            hint: expect.any(String),
          },
        ])
        expect(await together.found()).toEqual(ALL_OLD)
        // It had ended by itself with what was restored.
        expect(await docker.state(picky)).toBe('running')
        await docker.docker.docker('rm', '--force', picky)
      }
    },
  )

  test('are not touched while somebody uses them, who is named until all is one again', async ({
    docker,
    dir,
    context,
    expect,
  }) => {
    const together = new Together(docker, dir, context, 'direct')
    await together.prepare()
    // The first has its new content, and the second not.
    expect(await together.exchange(3, 'renames')).toBe(false)
    const second = together.pairs[1]!.live
    const user = await docker.run('sleep 1000', '--volume', `${second}:/data`)
    expect(await together.settle()).toEqual([
      {
        severity: 'error',
        message: expect.stringContaining(`${user} runs with ${second}`),
        hint: expect.stringContaining('hikae doctor'),
      },
    ])
    expect((await together.found()).states.slice(0, 2)).toEqual(['new', 'old'])
    await docker.docker.docker('stop', user)
    expect(await together.settle()).toMatchObject([{ severity: 'warning' }])
    expect(await together.found()).toEqual(ALL_NEW)
  })

  test('are put in order by one of two processes that want to', async ({ docker, dir, context, expect }) => {
    const together = new Together(docker, dir, context, 'archive')
    await together.prepare()
    const [one] = together.pairs
    const labels = {
      'hikae.filling': one!.live,
      'hikae.from': one!.fresh,
      'hikae.keeps': 'kept',
      'hikae.spec': JSON.stringify({ name: one!.live, driver: 'local', options: {}, labels: {} }),
      'hikae.by': OVER,
    }
    await docker.docker.docker('volume', 'create', ...flags(labels), `${one!.live}.hikae-filling-1`)
    const found = (await Promise.all([together.settle(), together.settle(), together.settle()])).flat()
    expect(found.map(({ severity }) => severity)).toEqual(['warning', 'warning'])
    expect((await together.found()).states).toEqual(['new', 'old'])
  })
})
