import { watch } from 'node:fs'
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { EventEmitter, once } from 'node:events'
import { FakeClock, makeTempDir } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { systemClock } from '../src/schedules/system-clock.ts'
import { watchPaths, type WatchOptions } from '../src/schedules/watch.ts'

const NEVER = 1e9

describe('what is watched', () => {
  test.for([
    ['a file is written', async (root: string) => writeFile(`${root}/a/b/file`, 'new')],
    ['a file is made', async (root: string) => writeFile(`${root}/a/other`, '')],
    ['a file is removed', async (root: string) => rm(`${root}/a/b/file`)],
    ['rights are changed', async (root: string) => chmod(`${root}/a/b/file`, 0o600)],
    [
      'an editor puts a new file in the place of the old',
      async (root: string) => {
        await writeFile(`${root}/aside`, 'new')
        await rename(`${root}/aside`, `${root}/watched-file`)
      },
    ],
  ] as const)('is noticed when %s', async ([, change], { expect }) => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('a/b'), { recursive: true })
    await writeFile(dir.join('a/b/file'), 'old')
    await writeFile(dir.join('watched-file'), 'old')
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [dir.join('a'), dir.join('watched-file')] })
    await change(dir.path)
    await changes.next()
    expect(changes.polling).toEqual([])
  })

  test('is noticed in folders that are made, filled and replaced later', async ({ expect }) => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('root'))
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [dir.join('root')] })
    await mkdir(dir.join('root/new/deep/er'), { recursive: true })
    await changes.next()
    await writeFile(dir.join('root/new/deep/er/file'), '')
    await changes.next()
    await mkdir(dir.join('other/deep'), { recursive: true })
    await rename(dir.join('root/new'), dir.join('gone'))
    await rename(dir.join('other'), dir.join('root/new'))
    await changes.next()
    await writeFile(dir.join('root/new/deep/file'), '')
    await changes.next()
    expect(changes.polling).toEqual([])
  })

  test('may vanish with the folders above it, and come back', async ({ expect }) => {
    await using dir = await makeTempDir()
    const root = dir.join('disk/data/root')
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [root] })
    for (const round of ['first', 'second']) {
      await mkdir(root, { recursive: true })
      await changes.next()
      await writeFile(`${root}/${round}`, '')
      await changes.next()
      await rm(dir.join('disk'), { recursive: true })
      await changes.next()
    }
    expect(changes.polling).toEqual([])
  })

  test('does not lose a folder among very many changes', async ({ expect }) => {
    await using dir = await makeTempDir()
    const opened = new Set<string>()
    const told = new EventEmitter()
    const openWatch: WatchOptions['openWatch'] = (path, listener) => {
      opened.add(path)
      told.emit('opened')
      return watch(path, listener)
    }
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [dir.path], openWatch })
    const folders = Array.from({ length: 40 }, (_, folder) => dir.join(`${folder}/inner`))
    for (const folder of folders) {
      await mkdir(folder, { recursive: true })
      await Promise.all(Array.from({ length: 100 }, (_, file) => writeFile(`${folder}/${file}`, '')))
    }
    await changes.next()
    while (!folders.every((folder) => opened.has(folder))) await once(told, 'opened')
    expect(changes.polling).toEqual([])
  })

  test('holds folders that are made before it has been quiet, so that what fills them counts', async ({ expect }) => {
    await using dir = await makeTempDir()
    const opened = new Set<string>()
    const told = new EventEmitter()
    const changes = new Changes()
    await using _ = await changes.watch({
      paths: [dir.path],
      settleMs: NEVER,
      openWatch: (path, listener) => {
        opened.add(path)
        told.emit('opened')
        return watch(path, listener)
      },
    })
    await mkdir(dir.join('new/deep'), { recursive: true })
    while (!opened.has(dir.join('new/deep'))) await once(told, 'opened')
    expect(changes.count).toBe(0)
  })

  test('is not what is ignored, or what a link leads to', async ({ expect }) => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('root/repository'), { recursive: true })
    await mkdir(dir.join('target'))
    await symlink(dir.join('target'), dir.join('root/link'))
    const seen: string[] = []
    const told = new EventEmitter()
    const changes = new Changes()
    await using _ = await changes.watch({
      paths: [dir.join('root')],
      ignores: (path) => path === dir.join('root/repository'),
      openWatch: (path, listener) =>
        watch(path, (event, name) => {
          listener(event, name)
          seen.push(`${path}/${name}`)
          told.emit('event')
        }),
    })
    await mkdir(dir.join('root/repository/pack'))
    await writeFile(dir.join('target/file'), '')
    // The system reports in order: when this is told, everything before has been.
    await writeFile(dir.join('beside'), '')
    while (!seen.includes(dir.join('beside'))) await once(told, 'event')
    expect(new Set(seen)).toEqual(new Set([dir.join('beside')]))
    await writeFile(dir.join('root/file'), '')
    await changes.next()
  })
})

describe('where watching is refused', () => {
  test('it is looked every minute, and somebody is told', async ({ expect }) => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('root/folder'), { recursive: true })
    const clock = new FakeClock('2026-11-21T00:00Z')
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [dir.join('root')], clock, settleMs: 0, openWatch: refuseAfter(1) })
    expect(changes.polling).toEqual([
      'the system has no more watches for files: raise fs.inotify.max_user_watches, for instance with sysctl',
    ])
    await writeFile(dir.join('root/folder/file'), '')
    await changes.nextBy(clock)
    await writeFile(dir.join('root/folder/file'), 'more')
    await changes.nextBy(clock)
    await rm(dir.join('root'), { recursive: true })
    await changes.nextBy(clock)
    await mkdir(dir.join('root'))
    await changes.nextBy(clock)
  })

  test('later, when a folder is made, that folder counts all the same', async ({ expect }) => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('root'))
    const changes = new Changes()
    await using _ = await changes.watch({ paths: [dir.join('root')], openWatch: refuseAfter(2) })
    expect(changes.polling).toEqual([])
    await mkdir(dir.join('root/new'))
    await changes.toldOfPolling()
    expect(changes.polling).toHaveLength(1)
    await changes.next()
  })
})

/** What the system does when it has given out all watches. */
function refuseAfter(count: number): NonNullable<WatchOptions['openWatch']> {
  let left = count
  return (path, listener) => {
    left -= 1
    if (left >= 0) return watch(path, listener)
    throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), { code: 'ENOSPC' })
  }
}

/** The changes that were told, and a way to wait for the next one. */
class Changes {
  count = 0
  readonly polling: string[] = []
  readonly #told = new EventEmitter()
  #taken = 0

  async watch(options: Pick<WatchOptions, 'paths'> & Partial<WatchOptions>): Promise<AsyncDisposable> {
    return watchPaths({
      settleMs: 5,
      atMostMs: NEVER,
      clock: systemClock,
      onPolling: (why) => {
        this.polling.push(why)
        this.#told.emit('polling')
      },
      onChange: () => {
        this.count += 1
        this.#told.emit('change')
      },
      ...options,
    })
  }

  /** A change after the last one that was waited for. */
  async next(): Promise<void> {
    while (this.count === this.#taken) await once(this.#told, 'change')
    this.#taken = this.count
  }

  async toldOfPolling(): Promise<void> {
    while (this.polling.length === 0) await once(this.#told, 'polling')
  }

  /** As {@link next}, a minute at a time. */
  async nextBy(clock: FakeClock): Promise<void> {
    while (this.count === this.#taken) await clock.passTo(new Date(clock.now().getTime() + 60_000))
    this.#taken = this.count
  }
}
