import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, open, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { openLocalBackend, openRepository } from '@hikae/engine'
import { makeTempDir, randomBytesOf, type ProcessResult } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae, jsonLines, type Message } from './hikae.ts'

interface Whole {
  readonly hikae: Hikae
  readonly folder: string
  /** Oldest first. */
  readonly snapshots: readonly string[]
  /** The newer snapshot's own files in the repository, relative to it. */
  readonly parts: { readonly index: string; readonly data: string; readonly tree: string; readonly snapshot: string }
}

const NEWER = randomBytesOf('newer', 3_000_000)

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('whole', { scope: 'file' }, async ({}, { onCleanup }): Promise<Whole> => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return await makeWhole(dir.path)
  })
  .extend('copy', async ({ whole, dir }) => {
    await cp(whole.hikae.repository, dir.join('copy'), { recursive: true })
    await cp(join(whole.folder, 'tree'), dir.join('tree'), { recursive: true, preserveTimestamps: true })
    return new Hikae({ repository: dir.join('copy'), cwd: dir.path })
  })
// oxlint-enable no-empty-pattern

async function makeWhole(folder: string): Promise<Whole> {
  const hikae = new Hikae({ repository: join(folder, 'repository'), cwd: folder })
  await hikae.initCheaply()
  const tree = join(folder, 'tree')
  await makeFiles(tree, { 'older/file': 'older', 'older/.env': 'TOKEN=secret', same: 'same' })
  const older = await hikae.backup(['tree'])
  const kinds = ['index', 'data', 'snapshots'] as const
  const before = new Set((await Promise.all(kinds.map((kind) => filesOf(hikae, kind)))).flat())
  await makeFiles(tree, { 'newer/file': NEWER, 'newer/small': 'small' })
  const newer = await hikae.backup(['tree'])
  const [index] = (await filesOf(hikae, 'index')).filter((name) => !before.has(name))
  const { packs } = await hikae.document<{ packs: { id: string; blobs: { type: string }[] }[] }>([
    'cat',
    'index',
    index!,
  ])
  const packOf = (type: string): string => {
    const { id } = packs.find(({ blobs }) => blobs[0]!.type === type)!
    return `data/${id.slice(0, 2)}/${id}`
  }
  const snapshot = String(newer['snapshot_id'])
  return {
    hikae,
    folder,
    snapshots: [String(older['snapshot_id']), snapshot],
    parts: { index: `index/${index}`, data: packOf('data'), tree: packOf('tree'), snapshot: `snapshots/${snapshot}` },
  }
}

type Part = keyof Whole['parts']

interface Damage {
  readonly name: string
  readonly part: Part
  readonly inflict: (path: string) => Promise<void>
  /** What the newer snapshot is afterwards; the older one never suffers. */
  readonly newer: 'whole' | 'without the large file' | 'recovered' | 'gone'
}

const DAMAGES: readonly Damage[] = [
  { name: 'an index file is gone', part: 'index', inflict: (path) => rm(path), newer: 'whole' },
  { name: 'an index file has a wrong bit', part: 'index', inflict: flip(60), newer: 'whole' },
  { name: 'an index file is empty', part: 'index', inflict: cutTo(0), newer: 'whole' },
  { name: 'a pack has a wrong bit in its header', part: 'data', inflict: flip(-20), newer: 'whole' },
  { name: 'a pack has a wrong bit in its data', part: 'data', inflict: flip(5000), newer: 'without the large file' },
  { name: 'a pack is cut off', part: 'data', inflict: cutTo(100_000), newer: 'without the large file' },
  { name: 'a pack with data is gone', part: 'data', inflict: (path) => rm(path), newer: 'without the large file' },
  { name: 'a pack with directories is gone', part: 'tree', inflict: (path) => rm(path), newer: 'gone' },
  { name: 'a pack with directories is empty', part: 'tree', inflict: cutTo(0), newer: 'gone' },
  { name: 'a snapshot has a wrong bit', part: 'snapshot', inflict: flip(40), newer: 'whole' },
  { name: 'a snapshot is cut off', part: 'snapshot', inflict: cutTo(100), newer: 'recovered' },
]

describe.concurrent('check says what to run, and that makes the repository whole again, when', () => {
  test.for(DAMAGES)('$name', async ({ part, inflict, newer }, { whole, copy, dir, expect }) => {
    await inflict(join(copy.repository, whole.parts[part]))
    const first = await copy.run(['check', '--read-data'])
    expect(first.exitCode).toBe(1)
    const commands = nextCommands(first)
    expect(commands.length).toBeGreaterThan(1)
    const codes: (number | null)[] = []
    for (const command of commands) codes.push((await copy.run(command)).exitCode)
    expect(codes.at(-1)).toBe(0)
    // Nothing is called a success that has lost something.
    expect(codes.includes(3)).toBe(newer !== 'whole')
    if (!noRestic) await resticOn(copy).check()

    const snapshots = await copy.snapshots()
    expect(snapshots[0]!['id']).toBe(whole.snapshots[0])
    await copy.restore(`${whole.snapshots[0]}:/tree`, dir.join('older'))
    expect(await readFile(join(dir.path, 'older/older/file'), 'utf8')).toBe('older')
    expect(snapshots).toHaveLength(newer === 'gone' ? 1 : 2)
    if (newer === 'gone') return
    const [root] = newer === 'recovered' ? await copy.paths() : ['']
    await copy.restore(`latest:${root}/tree`, dir.join('newer'))
    expect(await readFile(join(dir.path, 'newer/same'), 'utf8')).toBe('same')
    const large = await readFile(join(dir.path, 'newer/newer/file'))
    expect(large.equals(NEWER)).toBe(newer !== 'without the large file')
  })

  test('everything of an index is gone', async ({ whole, copy, dir, expect }) => {
    await rm(join(copy.repository, 'index'), { recursive: true })
    await mkdir(join(copy.repository, 'index'))
    for (const command of nextCommands(await copy.run(['check']))) await copy.ok(command)
    await copy.restore(`${whole.snapshots[1]}:/tree`, dir.join('restored'))
    expect(await readFile(join(dir.path, 'restored/newer/file'))).toEqual(NEWER)
  })
})

describe.concurrent('a backup of the same files heals', () => {
  test('what repairs could only give up', async ({ whole, copy, dir, expect }) => {
    await rm(join(copy.repository, whole.parts.data))
    expect((await copy.run(['repair', 'index'])).exitCode).toBe(3)
    await copy.backup(['tree'])
    await copy.check()
    await copy.ok(['repair', 'snapshots', '--forget'])
    expect((await copy.snapshots()).slice(0, 2).map(({ id }) => id)).toEqual(whole.snapshots)
    await copy.restore(`${whole.snapshots[1]}:/tree`, dir.join('restored'))
    expect(await readFile(join(dir.path, 'restored/newer/file'))).toEqual(NEWER)
  })
})

describe.concurrent('a repair', () => {
  test('of packs keeps a copy, and loses nothing when that cannot be written', async ({ whole, copy, dir, expect }) => {
    const pack = basename(whole.parts.data)
    await flip(5000)(join(copy.repository, whole.parts.data))
    const damaged = await readFile(join(copy.repository, whole.parts.data))
    await makeFiles(dir.join('full'), { [`pack-${pack}`]: 'something else' })
    const refused = await copy.run(['repair', 'packs', pack, '--keep', 'full'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(/cannot keep a copy of pack .*\nnext: name another directory/)
    expect(await filesOf(copy, 'data')).toContain(pack)

    const { exitCode, stdout } = await copy.run(['repair', 'packs', pack.slice(0, 12)])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/blobs? lost\nnext: back up again/)
    expect(await readFile(dir.join(`pack-${pack}`))).toEqual(damaged)
    expect((await stat(dir.join(`pack-${pack}`))).mode & 0o777).toBe(0o600)
  })

  test.for([['index'], ['packs', 'PACK'], ['snapshots', '--forget']])(
    'of %s shows what it would do, and does nothing, with --dry-run',
    async ([what, argument = ''], { whole, copy, expect }) => {
      const target =
        what === 'snapshots' ? whole.parts.snapshot : what === 'index' ? whole.parts.index : whole.parts.data
      await flip(50)(join(copy.repository, target))
      const before = await contentOf(copy)
      const args = [
        'repair',
        what!,
        ...(argument === 'PACK' ? [basename(whole.parts.data)] : [argument].filter(Boolean)),
      ]
      const { stdout, stderr, exitCode } = await copy.run([...args, '--dry-run'])
      expect(stdout + stderr).toMatch(/would/)
      expect(await contentOf(copy)).toEqual(before)
      const json = await copy.run([...args, '--dry-run', '--json'])
      expect(json.exitCode).toBe(exitCode)
      expect(jsonLines(json.stdout).at(-1)).toMatchObject({ message_type: 'summary', dry_run: true })
    },
  )

  test('of snapshots is refused while the index can still bring back what is missing', async ({
    whole,
    copy,
    expect,
  }) => {
    await rm(join(copy.repository, whole.parts.index))
    const { exitCode, stderr } = await copy.run(['repair', 'snapshots', '--forget'])
    expect(stderr).toMatch(/^hikae: the index does not say .*\nnext: run `hikae repair index` first\n$/)
    expect(exitCode).toBe(1)
    expect(await copy.snapshots()).toHaveLength(2)
  })

  test('of snapshots names every file it touches, and says what it did to programs', async ({
    whole,
    copy,
    expect,
  }) => {
    await rm(join(copy.repository, whole.parts.data))
    await copy.run(['repair', 'index'])
    const { stdout, exitCode } = await copy.run(['repair', 'snapshots'])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^ {2}\/tree\/newer\/file: lost \d+ of \d+ parts?, 0 B of 2\.861 MiB left$/m)
    expect(stdout).toContain('hikae repair snapshots --forget removes them')
    const messages = jsonLines((await copy.run(['repair', 'snapshots', '--forget', '--json'])).stdout)
    const repairs = messages.filter(({ message_type }: Message) => message_type === 'repair')
    expect(repairs.map(({ item, kind }) => `${String(kind)} ${String(item)}`)).toEqual([
      'content-lost /tree/newer/file',
      'content-lost /tree/newer/small',
    ])
    expect(messages.at(-1)).toMatchObject({ message_type: 'summary', repaired: 1, removed: 1, entries_hurt: 2 })
    await copy.check()
  })

  test('waits for nobody who works on the repository: it is refused', async ({ whole, copy, expect }) => {
    const time = new Date().toISOString()
    const lock = { time, exclusive: false, hostname: 'elsewhere', username: 'root', pid: 1 }
    await writeLock(copy, lock)
    expect(await filesOf(copy, 'locks')).toHaveLength(1)
    for (const args of [['index'], ['packs', basename(whole.parts.data)], ['snapshots']]) {
      expect((await copy.run(['repair', ...args])).exitCode).toBe(11)
    }
  })
})

describe.concurrent('a secret', () => {
  test('is taken out of every snapshot, and out of the repository with a thorough prune', async ({ copy, expect }) => {
    const secret = createHash('sha256').update('TOKEN=secret').digest('hex')
    const preview = await copy.ok(['rewrite', '--exclude', '.env', '--forget', '--dry-run'])
    expect(preview.stdout).toContain('leaving out /tree/older/.env')
    expect(await copy.paths()).toContain('/tree/older/.env')
    const { stdout } = await copy.ok(['rewrite', '--exclude', '.env', '--forget'])
    expect(stdout).toMatch(/rewrote 2 snapshots, 0 unchanged\nnext: .*hikae prune/)
    const snapshots = await copy.snapshots()
    expect(snapshots.map(({ tags }) => tags)).toEqual([undefined, undefined])
    for (const { id } of snapshots) {
      const paths = await copy.paths(String(id))
      expect(paths).toContain('/tree/older/file')
      expect(paths).not.toContain('/tree/older/.env')
    }
    expect((await copy.ok(['cat', 'blob', secret])).stdout).toBe('TOKEN=secret')
    await copy.ok(['prune', '--max-unused', '0'])
    expect((await copy.run(['cat', 'blob', secret])).exitCode).not.toBe(0)
    await copy.check()
    if (!noRestic) await resticOn(copy).check()
  })
})

interface Refusal {
  readonly args: readonly string[]
  readonly exitCode: number
  readonly says: RegExp
}

const REFUSALS: readonly Refusal[] = [
  { args: ['repair'], exitCode: 2, says: /repair/ },
  { args: ['repair', 'indexes'], exitCode: 2, says: /did you mean index/ },
  { args: ['repair', 'index', 'more'], exitCode: 2, says: /more/ },
  { args: ['repair', 'packs'], exitCode: 2, says: /PACK/ },
  { args: ['repair', 'packs', 'zzz'], exitCode: 2, says: /no pack has an id that begins with 'zzz'/ },
  { args: ['repair', 'packs', ''], exitCode: 2, says: /begin with ''/ },
  { args: ['repair', 'snapshots', 'ffffffff'], exitCode: 1, says: /ffffffff/ },
  { args: ['rewrite'], exitCode: 2, says: /nothing to rewrite/ },
  { args: ['rewrite', '--exclude', '['], exitCode: 2, says: /pattern/ },
  { args: ['rewrite', '--exclude', 'a', '--include', 'b'], exitCode: 2, says: /only one of --exclude and --include/ },
  { args: ['rewrite', '--exclude-file', 'absent'], exitCode: 2, says: /cannot read absent/ },
  { args: ['rewrite', '--new-time', 'soon'], exitCode: 2, says: /'soon' is not a date or time/ },
  { args: ['rewrite', '--new-host', ' '], exitCode: 2, says: /empty/ },
  { args: ['rewrite', '--exclude', 'a', 'ffffffff'], exitCode: 1, says: /ffffffff/ },
  { args: ['rewrite', '--exclude', '*', '--forget'], exitCode: 2, says: /nothing would be left in any snapshot/ },
]

describe.concurrent('bad input is refused, with a next step, and changes nothing:', () => {
  test.for(REFUSALS)('hikae $args', async ({ args, exitCode, says }, { copy, expect }) => {
    const before = await contentOf(copy)
    const result = await copy.run(args)
    expect(result.stderr).toMatch(says)
    expect(result.stderr).toMatch(/^hikae: [^\n]+\nnext: [^\n]+\n$/)
    expect(result.exitCode).toBe(exitCode)
    expect(await contentOf(copy)).toEqual(before)
  })
})

/** The commands that `check` advises, as arguments. */
function nextCommands({ stdout }: ProcessResult): string[][] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('next: hikae '))
  return lines.map((line) => line.slice('next: hikae '.length).split(' '))
}

function flip(position: number): (path: string) => Promise<void> {
  return async (path) => {
    await chmod(path, 0o600)
    await using file = await open(path, 'r+')
    const at = position < 0 ? (await file.stat()).size + position : position
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, at)
    byte[0]! ^= 1
    await file.write(byte, 0, 1, at)
  }
}

function cutTo(bytes: number): (path: string) => Promise<void> {
  return async (path) => {
    await chmod(path, 0o600)
    await truncate(path, bytes)
  }
}

async function contentOf({ repository }: Hikae): Promise<string[]> {
  const found = await readdir(repository, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
}

/** A lock of somebody on another machine. */
async function writeLock(copy: Hikae, lock: object): Promise<void> {
  await using repository = await openRepository(await openLocalBackend(copy.repository), { password: copy.password })
  await repository.writeUnpacked('lock', Buffer.from(JSON.stringify(lock)))
}
