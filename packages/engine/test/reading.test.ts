import { link, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  check,
  diff,
  findEntries,
  listTree,
  lockAndLoad,
  stats,
  type DiffStatistics,
  type Repository,
  type StatsMode,
} from '@hikae/engine'
import { bytesOf, makeCheapRepository, makeTempDir, randomBytesOf, type ResticBinary } from '@hikae/testkit'
import { backUpContent, noRestic, openAt, resticAt, restics } from './support/beside-restic.ts'
import { PASSWORD } from './support/ground.ts'

type Writer = (folder: string, source: string) => Promise<void>

/** Who can have written the repository that is read. */
const writers: readonly (readonly [string, Writer])[] = [
  ...restics.map((binary) => [`restic ${binary.version}`, writeByRestic(binary, '2')] as const),
  ...restics.slice(-1).map((binary) => [`restic ${binary.version}, version 1`, writeByRestic(binary, '1')] as const),
  ['hikae', writeByEngine] as const,
]

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('repositoryBy', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const made = new Map<string, Promise<string>>()
  return (name: string, write: Writer): Promise<string> => {
    const folder = made.get(name) ?? makeRepository(dir.join(`${made.size}`), write)
    made.set(name, folder)
    return folder
  }
})
// oxlint-enable no-empty-pattern

async function makeRepository(folder: string, write: Writer): Promise<string> {
  const source = join(folder, 'source')
  await mkdir(source, { recursive: true })
  await makeSource(source)
  await write(join(folder, 'repository'), source)
  return join(folder, 'repository')
}

async function makeSource(source: string): Promise<void> {
  for (const folder of ['kept/deep/er', 'gone/inside', 'Mixed Case', 'ünïcode', 'empty']) {
    await mkdir(join(source, folder), { recursive: true })
  }
  await writeFile(join(source, 'kept/deep/er/report.txt'), 'report')
  await writeFile(join(source, 'kept/copy.txt'), 'report')
  await writeFile(join(source, 'kept/large.bin'), randomBytesOf('large', 3_000_000))
  await writeFile(join(source, 'kept/text.log'), bytesOf('log', 400_000, 'text'))
  await writeFile(join(source, 'gone/inside/old.txt'), 'old')
  await writeFile(join(source, 'Mixed Case/README.md'), 'read me')
  await writeFile(join(source, 'ünïcode/naïve.txt'), 'naïve')
  await writeFile(join(source, 'modified.txt'), 'before')
  await writeFile(join(source, 'turned'), 'a file')
  await writeFile(join(source, 'nothing'), '')
  await link(join(source, 'kept/large.bin'), join(source, 'hard link'))
  await symlink('modified.txt', join(source, 'symlink'))
  await utimes(join(source, 'kept/text.log'), 1_500_000_000, 1_500_000_000)
}

async function changeSource(source: string): Promise<void> {
  await rm(join(source, 'gone'), { recursive: true })
  await rm(join(source, 'turned'))
  await mkdir(join(source, 'turned'))
  await writeFile(join(source, 'turned/new.txt'), 'report')
  await writeFile(join(source, 'modified.txt'), 'after, longer')
  await writeFile(join(source, 'added.txt'), 'added')
  await symlink('nowhere', join(source, 'new symlink'))
}

function writeByRestic(binary: ResticBinary, version: string): Writer {
  return async (folder, source) => {
    const restic = resticAt(folder, { binary })
    await restic.initWithCheapKey(['--repository-version', version])
    await restic.backup(['.'], ['--time', '2024-01-01 00:00:00'], { cwd: source })
    await changeSource(source)
    await restic.backup(['.'], ['--time', '2024-01-02 00:00:00'], { cwd: source })
  }
}

async function writeByEngine(folder: string, source: string): Promise<void> {
  await makeCheapRepository(folder, PASSWORD)
  await using repository = await openAt(folder)
  await using _lock = await lockAndLoad(repository, 'shared')
  for (const day of [1n, 2n]) {
    await backUpContent(repository, source, { time: (19_722n + day) * 86_400_000_000_000n })
    if (day === 1n) await changeSource(source)
  }
}

async function openLoaded(folder: string): Promise<Repository> {
  const repository = await openAt(folder)
  await repository.loadIndex()
  return repository
}

const textOf = (byteString: string) => Buffer.from(byteString, 'latin1').toString('utf8')

interface ResticDiffStatistics {
  readonly changed_files: number
  readonly added: Record<string, number>
  readonly removed: Record<string, number>
}

function inResticsWords({ changedFiles, added, removed }: DiffStatistics): ResticDiffStatistics {
  const side = ({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffStatistics['added']) => ({
    files,
    dirs,
    others,
    data_blobs: dataBlobs,
    tree_blobs: treeBlobs,
    bytes,
  })
  return { changed_files: changedFiles, added: side(added), removed: side(removed) }
}

// Counts are compared with the newest restic: older versions count hard links differently.
describe.skipIf(noRestic).for(writers)('a repository written by %s', ([name, write]) => {
  test('is whole, says check, and its numbers are those of restic', async ({ repositoryBy, expect }) => {
    const folder = await repositoryBy(name, write)
    await using repository = await openAt(folder)
    expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], hints: [], snapshots: 2 })
    await repository.loadIndex()
    const snapshots = await repository.snapshots()
    const modes: StatsMode[] = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data']
    for (const which of [snapshots, snapshots.slice(1)]) {
      for (const mode of modes) {
        const ours = await stats(repository, which, { mode })
        const args = ['stats', '--no-lock', '--json', '--mode', mode, ...which.map(({ id }) => id)]
        const theirs = JSON.parse((await resticAt(folder).ok(args)).stdout) as Record<string, number>
        expect({ mode, size: ours.totalSize, files: ours.totalFiles, blobs: ours.totalBlobs }).toEqual({
          mode,
          size: theirs['total_size'],
          files: theirs['total_file_count'],
          blobs: theirs['total_blob_count'],
        })
        const compression = ours.compression
        expect(compression && [compression.uncompressedSize, compression.ratio, compression.spaceSaving]).toEqual(
          compression && [
            theirs['total_uncompressed_size'],
            theirs['compression_ratio'] ?? 0,
            theirs['compression_space_saving'] ?? 0,
          ],
        )
      }
    }
  })

  test('is listed in the order and with the sizes of restic', async ({ repositoryBy, expect }) => {
    const folder = await repositoryBy(name, write)
    await using repository = await openLoaded(folder)
    for (const snapshot of await repository.snapshots()) {
      const ours: unknown[] = []
      for await (const { path, node } of listTree(repository, snapshot)) {
        ours.push({ path: textOf(path), type: node.type, size: node.type === 'file' ? (node.size ?? 0) : undefined })
      }
      const theirs = (await resticAt(folder).ls(snapshot.id, ['--no-lock'])).map(({ path, type, size }) => ({
        path,
        type,
        size: type === 'file' ? (size ?? 0) : undefined,
      }))
      expect(ours).toEqual(theirs)
      expect(ours.length).toBeGreaterThan(10)
    }
  })

  test.for([[], ['--metadata']])(
    'has the differences that restic finds: %s',
    async (args, { repositoryBy, expect }) => {
      const folder = await repositoryBy(name, write)
      await using repository = await openLoaded(folder)
      const [older, newer] = await repository.snapshots()
      const sides = [
        [older!, newer!],
        [newer!, older!],
        [older!, older!],
      ] as const
      for (const [from, to] of sides) {
        const comparison = diff(repository, { snapshot: from }, { snapshot: to }, { metadata: args.length > 0 })
        const ours: { path: string; modifier: string }[] = []
        let statistics: DiffStatistics | undefined
        while (statistics === undefined) {
          const step = await comparison.next()
          if (step.done) statistics = step.value
          else ours.push({ path: textOf(step.value.path), modifier: step.value.modifier })
        }
        const { stdout } = await resticAt(folder).ok(['diff', '--no-lock', '--json', ...args, from.id, to.id])
        const messages = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
        const changes = messages.filter((message) => message['message_type'] === 'change')
        expect(ours).toEqual(changes.map(({ path, modifier }) => ({ path, modifier })))
        const theirs = messages.find((message) => message['message_type'] === 'statistics')
        expect(theirs).toMatchObject(inResticsWords(statistics))
      }
    },
  )

  test('can be compared and listed below a path', async ({ repositoryBy, expect }) => {
    const folder = await repositoryBy(name, write)
    await using repository = await openLoaded(folder)
    const [older, newer] = await repository.snapshots()
    const ours: string[] = []
    for await (const { path, modifier } of diff(
      repository,
      { snapshot: older!, path: '/kept' },
      { snapshot: newer!, path: '/kept/deep' },
    )) {
      ours.push(`${modifier} ${textOf(path)}`)
    }
    const lines = await resticAt(folder).diff(`${older!.id}:/kept`, `${newer!.id}:/kept/deep`, ['--no-lock'])
    expect(ours).toEqual(lines.map((line) => line.replace(/ +/, ' ')))
    const listed: string[] = []
    for await (const { path } of listTree(repository, newer!, { path: '/kept', recursive: false })) listed.push(path)
    expect(listed).toEqual((await resticAt(folder).ls(newer!.id, ['--no-lock', '/kept'])).map(({ path }) => path))
  })
})

test
  .skipIf(noRestic)
  .for([
    ['*.txt'],
    ['/kept'],
    ['kept/**/*.txt'],
    ['report.txt', 'old.txt'],
    ['deep'],
    ['/kept/deep/*/r*'],
    ['ünïcode'],
    ['n?thing'],
    ['[mM]*'],
    ['*'],
    ['none of these'],
    ['--ignore-case', 'readme*'],
    ['--newest', '2018-01-01 00:00:00', '*'],
    ['--oldest', '2018-01-01 00:00:00', 't*'],
  ])('a search finds what restic finds: %s', async (args, { repositoryBy, expect }) => {
  const folder = await repositoryBy(...writers.at(-1)!)
  await using repository = await openLoaded(folder)
  const patterns = args.filter((arg, at) => !arg.startsWith('--') && !/^--(newest|oldest)/.test(args[at - 1] ?? ''))
  const bound = BigInt(new Date(2018, 0, 1).getTime()) * 1_000_000n
  const found = new Map<string, string[]>()
  const matches = findEntries(repository, await repository.snapshots(), {
    patterns: patterns.map((pattern) => Buffer.from(pattern).toString('latin1')),
    ignoreCase: args.includes('--ignore-case'),
    ...(args.includes('--newest') ? { newest: bound } : {}),
    ...(args.includes('--oldest') ? { oldest: bound } : {}),
  })
  for await (const { snapshot, path } of matches) {
    found.set(snapshot.id, [...(found.get(snapshot.id) ?? []), textOf(path)])
  }
  const { stdout } = await resticAt(folder).ok(['find', '--no-lock', '--json', ...args])
  const theirs = JSON.parse(stdout) as { matches: { path: string }[] | null; snapshot: string }[]
  const expected = theirs.map(({ snapshot, matches }) => [snapshot, (matches ?? []).map(({ path }) => path)] as const)
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected.filter(([, paths]) => paths.length > 0)))
})
