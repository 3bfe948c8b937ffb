import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  BASE_IMAGE,
  makeTempDir,
  skipBecause,
  startDocker,
  type TempDir,
  type TestDocker,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job, JobSource } from '../../src/jobs/job.ts'
import type { HoldConfig } from '../../src/jobs/together/hold-schema.ts'
import { holdSchema } from '../../src/jobs/together/hold-schema.ts'
import { openPoint } from '../../src/points/snapshot-point.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { SourceKind } from '../../src/sources/source-kind.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { JobGround } from '../support/job-ground.ts'
import { until } from './quiesce-ground.ts'

const PROGRAM = join(import.meta.dirname, 'counting-program.ts')
const EXPECTED = { mostShrinkage: 1, mayBeEmpty: true }

/** A program in a container counts in a file of a volume and in a database that is in none. */
class Counting implements AsyncDisposable {
  readonly dir: TempDir
  readonly docker: TestDocker
  readonly ground: JobGround
  readonly orders: string

  private constructor(dir: TempDir, docker: TestDocker) {
    this.dir = dir
    this.docker = docker
    this.ground = new JobGround(dir)
    this.orders = dir.join('data/orders.db')
  }

  static async create(): Promise<Counting> {
    const counting = new Counting(await makeTempDir(), await startDocker())
    await counting.ground.addRepository('usb')
    await mkdir(dirname(counting.orders))
    return counting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker[Symbol.asyncDispose]()
    await this.dir[Symbol.asyncDispose]()
  }

  /** It sees the files of this machine, Node among them. */
  async start(): Promise<void> {
    await this.docker.docker('volume', 'create', 'uploads')
    const mounts = ['--volume', '/:/host', '--volume', 'uploads:/uploads']
    const node = ['chroot', '/host', process.execPath, PROGRAM, this.counter, this.orders]
    await this.docker.docker('run', '--detach', '--name', 'app', ...mounts, BASE_IMAGE, ...node)
    await until(async () => (await this.#count()) > 10)
  }

  get counter(): string {
    return join(this.docker.dataRoot, 'volumes/uploads/_data/counter')
  }

  async state(): Promise<string> {
    return await this.docker.docker('inspect', '--format', '{{.State.Status}}', 'app')
  }

  /** The job, with what it is to hold. */
  job(hold?: object, quiesce: 'none' | 'pause' = 'none'): Job {
    const engine = { host: this.docker.host }
    const volumes = dockerVolumesSource.config.parse({ engine, names: ['uploads'], quiesce })
    const orders = sqliteSource.config.parse({ path: this.orders })
    const together: HoldConfig | undefined = hold && holdSchema.parse({ ...hold, engine })
    return this.ground.job(
      {},
      {
        sources: [sourceOf('orders', sqliteSource, orders), sourceOf('uploads', dockerVolumesSource, volumes)],
        ...(together && { together }),
      },
    )
  }

  /** What the last run has saved of both. */
  async saved(): Promise<{ uploads: number; orders: number }> {
    const repository = await this.ground.open('usb')
    const snapshots = (await this.ground.snapshots('usb')).toReversed()
    const signal = new AbortController().signal
    const pointOf = async (source: string) =>
      await openPoint(
        repository,
        snapshots.find(({ tags = [] }) => tags.includes(`source=${source}`))!,
        signal,
      )
    const parts: Uint8Array[] = []
    for await (const part of (await pointOf('uploads')).content('/volumes/uploads/counter')) parts.push(part)
    const folder = this.dir.join(`restored-${Math.random()}`)
    await (await pointOf('orders')).writeTo(folder)
    using database = new DatabaseSync(join(folder, this.orders))
    const { value } = database.prepare('select value from counter').get() as { value: number }
    return { uploads: Number(Buffer.concat(parts).toString()), orders: value }
  }

  async #count(): Promise<number> {
    return Number(await readFile(this.counter, 'utf8').catch(() => '0'))
  }
}

function sourceOf<Config>(name: string, kind: SourceKind<Config>, config: Config): JobSource {
  return { name, kind, config, expectations: EXPECTED }
}

describe.skipIf(skipBecause(await whyNoDocker()))('a job whose sources are saved together', () => {
  let counting: Counting

  beforeAll(async () => {
    counting = await Counting.create()
    await counting.start()
  })
  afterAll(() => counting[Symbol.asyncDispose]())

  test('saves what a container writes in two places of one moment, and of two moments when nothing is held', async () => {
    const { ground } = counting
    expect(await ground.run(counting.job())).toMatchObject({ outcome: 'succeeded' })
    const apart = await counting.saved()
    expect(apart.uploads).toBeGreaterThan(apart.orders)
    const report = await ground.run(counting.job({ stop: ['app'] }))
    expect(report).toMatchObject({ outcome: 'succeeded' })
    const { uploads, orders } = await counting.saved()
    expect(uploads).toBe(orders)
    expect(uploads).toBeGreaterThan(apart.uploads)
    expect(await counting.state()).toBe('running')
    expect(ground.lines).toContainEqual(expect.stringMatching(/^the container app was stopped for \d+\.\d s$/))
    const release = report.steps.findIndex(({ kind }) => kind === 'release')
    const isReadOf = (name: string) => report.steps.findIndex(({ kind, source }) => kind === 'read' && source === name)
    expect(isReadOf('orders')).toBeGreaterThan(release)
    expect(report.steps[release]?.facts).toMatchObject({ downtimeSeconds: expect.any(Number) as number })
  })

  test('tells that what was read may not be of one moment when somebody starts the container meanwhile', async () => {
    const job = counting.job({ stop: ['app'] })
    const [orders, uploads] = job.sources as [JobSource, JobSource]
    const disturbing: SourceKind = {
      ...uploads.kind,
      async open(config, context) {
        const opened = await uploads.kind.open(config, context)
        await counting.docker.docker('start', 'app')
        return opened
      },
    }
    const report = await counting.ground.run({ ...job, sources: [orders, { ...uploads, kind: disturbing }] })
    expect(report.outcome).toBe('incomplete')
    expect(report.sources.map(({ outcome }) => outcome)).toEqual(['incomplete', 'incomplete'])
    for (const { findings } of report.sources) {
      expect(findings).toHaveLength(1)
      expect(findings[0]?.message).toMatch(/^the container app did not stay as it was while it was stopped/)
    }
    expect(await counting.state()).toBe('running')
  })

  test('touches nothing when a container is not there, and refuses a source that wants it to hold still in another way', async () => {
    const startedAt = (): Promise<string> =>
      counting.docker.docker('inspect', '--format', '{{.State.StartedAt}}', 'app')
    const before = await startedAt()
    const missing = await counting.ground.run(counting.job({ stop: ['app', 'worker'] }))
    expect(missing.outcome).toBe('incomplete')
    expect(missing.steps.find(({ kind }) => kind === 'hold')?.message).toContain('worker')
    expect(await startedAt()).toBe(before)
    const { sources } = await counting.ground.run({ ...counting.job({ pause: ['app'] }, 'pause') })
    expect(sources.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
    const job = counting.job({ pause: ['app'] })
    const other = dockerVolumesSource.config.parse({
      engine: { host: counting.docker.host },
      names: ['uploads'],
      quiesce: 'stop',
    })
    const strange = [job.sources[0]!, sourceOf('uploads', dockerVolumesSource, other)]
    const refused = await counting.ground.run({ ...job, sources: strange })
    expect(refused.steps.find(({ kind, source }) => kind === 'open' && source === 'uploads')).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining('the container app was paused for the whole job') as string,
      hint: expect.stringContaining('take `quiesce` out of uploads') as string,
    })
    expect(await counting.state()).toBe('running')
  })
})
