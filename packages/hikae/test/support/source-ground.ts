import { mkdir } from 'node:fs/promises'
import { initRepository, MemoryBackend, openRepository, type Repository } from '@hikae/engine'
import { TEST_POLYNOMIAL, type TempDir } from '@hikae/testkit'
import { readSource, type SourceReport } from '../../src/points/read-source.ts'
import { openPoint, type SnapshotPoint } from '../../src/points/snapshot-point.ts'
import type { ReadContext, SourceKind } from '../../src/sources/source-kind.ts'

const PASSWORD = 'correct horse'

/** A repository, and what a run gives to a source, for trying one kind of source. */
export class SourceGround {
  readonly #dir: TempDir
  readonly #backend: MemoryBackend
  /** What sources wrote into the log. */
  readonly logged: string[] = []
  #folders = 0

  private constructor(dir: TempDir, backend: MemoryBackend) {
    this.#dir = dir
    this.#backend = backend
  }

  static async create(dir: TempDir): Promise<SourceGround> {
    const backend = new MemoryBackend()
    await initRepository(backend, {
      password: PASSWORD,
      hostname: 'host',
      username: 'user',
      kdf: { N: 2, r: 8, p: 1 },
      chunkerPolynomial: TEST_POLYNOMIAL,
    })
    return new SourceGround(dir, backend)
  }

  context(folder: string, signal: AbortSignal = new AbortController().signal): ReadContext {
    return {
      source: 'tried',
      stack: 'test',
      folder,
      env: process.env,
      signal,
      scratchFolder: () => this.#newFolder(),
      stateFolder: async () => {
        const path = this.#dir.join('state')
        await mkdir(path, { recursive: true, mode: 0o700 })
        return path
      },
      log: (message) => void this.logged.push(message),
    }
  }

  /** One backup of the source, as a run does it. */
  async backUp<Config>(kind: SourceKind<Config>, config: Config, context: ReadContext): Promise<SourceReport> {
    await using source = await kind.open(config, context)
    const origin = { kind: kind.name, source: context.source, stack: 'test', job: 'test', run: 'r1', program: '0' }
    return await readSource(source, origin, [{ repository: await this.repository() }], {
      readConcurrency: 1,
      signal: context.signal,
    })
  }

  /** The newest snapshot. */
  async point(signal: AbortSignal = new AbortController().signal): Promise<SnapshotPoint> {
    const repository = await this.repository()
    const newest = (await repository.snapshots()).toSorted((one, two) => Date.parse(two.time) - Date.parse(one.time))[0]
    return await openPoint(repository, newest!, signal)
  }

  async snapshotCount(): Promise<number> {
    return (await (await this.repository()).snapshots()).length
  }

  async repository(): Promise<Repository> {
    const repository = await openRepository(this.#backend, { password: PASSWORD })
    await repository.loadIndex()
    return repository
  }

  async #newFolder(): Promise<string> {
    this.#folders++
    const path = this.#dir.join(`scratch-${this.#folders}`)
    await mkdir(path, { mode: 0o700 })
    return path
  }
}
