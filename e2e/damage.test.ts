import { cp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir, randomBytesOf, type ProcessResult, type TempDir } from '@hikae/testkit'
import { describe, type ExpectStatic } from 'vitest'
import { makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae } from './hikae.ts'

interface Whole {
  readonly dir: TempDir
  readonly repository: string
  readonly tree: string
  /** Oldest first. */
  readonly snapshots: readonly string[]
  /** Files of the repository, relative. */
  readonly files: { key: string; config: string; index: string; data: string; tree: string; snapshot: string }
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('whole', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return await makeWhole(dir)
  })
  .extend('copy', async ({ whole, dir }) => {
    await cp(whole.repository, dir.join('copy'), { recursive: true })
    return new Hikae({ repository: dir.join('copy'), cwd: whole.dir.path })
  })
// oxlint-enable no-empty-pattern

/** Two snapshots; the newer one's data, tree and index in files of their own. */
async function makeWhole(dir: TempDir): Promise<Whole> {
  const repository = dir.join('repository')
  const hikae = new Hikae({ repository, cwd: dir.path })
  await hikae.initCheaply()
  const tree = await makeFiles(dir.join('tree'), { 'older/file': randomBytesOf('older', 100_000), same: 'same' })
  const older = await hikae.backup(['tree'])
  const before = new Set(await filesIn(repository))
  await makeFiles(tree, { 'newer/file': randomBytesOf('newer', 3_000_000) })
  const newer = await hikae.backup(['tree'])
  const added = (await filesIn(repository)).filter((path) => !before.has(path))
  const ofKind = (kind: string): string[] => added.filter((path) => path.startsWith(`${kind}/`))
  const [index] = ofKind('index')
  const { packs } = await hikae.document<{ packs: { id: string; blobs: { type: string }[] }[] }>([
    'cat',
    'index',
    index!.slice('index/'.length),
  ])
  const packOf = (type: string): string => {
    const { id } = packs.find(({ blobs }) => blobs.every((blob) => blob.type === type))!
    return `data/${id.slice(0, 2)}/${id}`
  }
  const [key] = await readdir(join(repository, 'keys'))
  return {
    dir,
    repository,
    tree,
    snapshots: [String(older['snapshot_id']), String(newer['snapshot_id'])],
    files: {
      key: `keys/${key}`,
      config: 'config',
      index: index!,
      data: packOf('data'),
      tree: packOf('tree'),
      snapshot: ofKind('snapshots')[0]!,
    },
  }
}

describe.concurrent('a whole repository', () => {
  test('has no errors, and check says what it looked at', async ({ whole, copy, expect }) => {
    const { stdout, stderr } = await copy.ok(['check', '--read-data'])
    expect(stdout).toContain('no errors were found')
    expect(stdout).toContain('2 snapshots')
    expect(stderr).toBe('')
    expect(whole.files.data).not.toBe(whole.files.tree)
  })
})

describe.concurrent('damage to the files that open a repository', () => {
  test('a changed config is told from a wrong password', async ({ whole, copy, expect }) => {
    await flip(copy, whole.files.config, 40)
    for (const command of [['snapshots'], ['check'], ['backup', 'tree'], ['restore', 'latest', '--target', 'x']]) {
      expectError(await copy.run(command), { exitCode: 1, says: /config of .* is damaged/ }, expect)
    }
  })

  test('an empty config is not a missing repository', async ({ whole, copy, expect }) => {
    await truncate(join(copy.repository, whole.files.config), 0)
    expectError(await copy.run(['snapshots']), { exitCode: 1, says: /config of .* is empty/ }, expect)
    expectError(await copy.run(['init']), { exitCode: 1, says: /already a repository/ }, expect)
  })

  test('a repository without config is missing, yet not overwritten by init', async ({ whole, copy, expect }) => {
    await rm(join(copy.repository, whole.files.config))
    expectError(await copy.run(['snapshots']), { exitCode: 10, says: /no repository at/ }, expect)
    const before = await filesIn(copy.repository)
    expectError(await copy.run(['init']), { exitCode: 1, says: /no config file but holds key files/ }, expect)
    expect(await filesIn(copy.repository)).toEqual(before)
  })

  test('a changed key does not open, whichever byte it is', async ({ whole, copy, expect }) => {
    const path = join(copy.repository, whole.files.key)
    const original = await readFile(path)
    const text = original.toString()
    const places = [
      0,
      text.indexOf('"N"') + 1,
      text.indexOf('"salt"') + 12,
      text.indexOf('"data"') + 12,
      text.length - 1,
    ]
    for (const place of places) {
      await writeFlipped(path, original, place)
      const { exitCode, stderr } = await copy.run(['snapshots'])
      expect(stderr, `byte ${place}`).toMatch(/^hikae: [^\n]+\nnext: [^\n]+\n$/)
      expect([1, 12], `byte ${place}`).toContain(exitCode)
    }
  })

  test('with another key that is whole, a changed one does not matter', async ({ whole, copy, dir, expect }) => {
    await writeFile(dir.join('second'), 'second password\n')
    await copy.ok(['key', 'add', '--new-password-file', dir.join('second')])
    await flip(copy, whole.files.key, 0)
    const second = copy.with({ password: 'second password' })
    expect(await second.snapshots()).toHaveLength(2)
    expect((await second.ok(['key', 'list'])).stderr).toContain('warning: ')
  })

  test('without any key, the password is not to blame', async ({ whole, copy, expect }) => {
    await rm(join(copy.repository, whole.files.key))
    const { exitCode, stderr } = await copy.run(['snapshots'])
    expect(stderr).toMatch(/key/)
    expect([1, 12]).toContain(exitCode)
  })
})

describe.concurrent('damage to a snapshot', () => {
  test('is found by check, named by snapshots, and leaves the other snapshot usable', async ({
    whole,
    copy,
    dir,
    expect,
  }) => {
    await flip(copy, whole.files.snapshot, 100)
    const id = whole.files.snapshot.slice('snapshots/'.length)
    expectFindings(await copy.run(['check']), new RegExp(`snapshot.*${id.slice(0, 8)}`), expect)
    await copy.ok(['restore', `${whole.snapshots[0]}:/tree`, '--target', dir.join('restored')])
    expect(await readFile(dir.join('restored', 'same'), 'utf8')).toBe('same')
    const listed = await copy.run(['snapshots', '--json'])
    expect(listed.exitCode).toBe(3)
    expect(listed.stderr).toContain(id.slice(0, 8))
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: whole.snapshots[0] }])
    // Nobody knows which is the latest, so none is taken for it.
    for (const name of ['latest', id.slice(0, 10)]) {
      expectError(await copy.run(['ls', name]), { exitCode: 1, says: new RegExp(id.slice(0, 8)) }, expect)
    }
    const backup = await copy.ok(['backup', 'tree'])
    expect(backup.stderr).toContain(`warning: snapshot ${id.slice(0, 8)}`)
  })
})

describe.concurrent('damage to the index', () => {
  test('is found, and stops what needs all of it', async ({ whole, copy, expect }) => {
    await flip(copy, whole.files.index, 60)
    const id = whole.files.index.slice('index/'.length, 'index/'.length + 8)
    expectFindings(await copy.run(['check']), new RegExp(id), expect)
    for (const command of [
      ['restore', 'latest', '--target', 'x'],
      ['ls', 'latest'],
      ['backup', 'tree'],
    ]) {
      expectError(await copy.run(command), { exitCode: 1, says: new RegExp(id) }, expect)
    }
    expect(await copy.snapshots()).toHaveLength(2)
  })

  test.skipIf(noRestic)('is repaired by stock restic, and nothing is lost', async ({ whole, copy, dir, expect }) => {
    await flip(copy, whole.files.index, 60)
    await resticOn(copy).ok(['repair', 'index'])
    await copy.check()
    await copy.ok(['restore', 'latest:/tree', '--target', dir.join('restored')])
    expect(await readFile(dir.join('restored', 'newer', 'file'))).toEqual(randomBytesOf('newer', 3_000_000))
  })

  test('a missing index file leaves packs without owner, and blobs missing', async ({ whole, copy, expect }) => {
    await rm(join(copy.repository, whole.files.index))
    const result = await copy.run(['check'])
    expectFindings(result, /is in no index/, expect)
    // Whoever followed an advice to repair snapshots would lose what is still there.
    expect(result.stdout).toMatch(/next: .*repair index/)
    expect(result.stdout).not.toContain('repair snapshots')
    if (noRestic) return
    await resticOn(copy).ok(['repair', 'index'])
    await copy.check()
  })
})

describe.concurrent('damage to a lock', () => {
  test('keeps others out until all locks are removed', async ({ copy, expect }) => {
    await writeFile(join(copy.repository, 'locks', 'ab'.repeat(32)), 'no lock at all')
    expectError(await copy.run(['backup', 'tree']), { exitCode: 11, says: /lock that cannot be read/ }, expect)
    expect((await copy.ok(['unlock'])).stdout).toContain('no lock had to be removed')
    expect((await copy.ok(['unlock', '--remove-all'])).stdout).toContain('removed 1 lock')
    await copy.ok(['backup', 'tree'])
  })

  test('an empty one is ignored', async ({ copy }) => {
    await writeFile(join(copy.repository, 'locks', 'ab'.repeat(32)), '')
    await copy.check()
  })
})

describe.concurrent('damage to a pack', () => {
  test('with data is found by reading; a restore names the file and brings the others back', async ({
    whole,
    copy,
    dir,
    expect,
  }) => {
    await flip(copy, whole.files.data, 5000)
    await copy.ok(['check'])
    const result = await copy.run(['check', '--read-data'])
    expectFindings(result, new RegExp(packName(whole.files.data)), expect)
    expect(result.stderr).toContain('/tree/newer/file')
    const restored = await copy.run(['restore', 'latest:/tree', '--target', dir.join('restored')])
    expect(restored.exitCode).toBe(3)
    expect(restored.stderr).toMatch(/error: .*\/newer\/file/)
    expect(restored.stderr).not.toContain('older')
    expect(await readFile(dir.join('restored', 'older', 'file'))).toEqual(randomBytesOf('older', 100_000))
    expectError(
      await copy.run(['dump', 'latest', '/tree/newer/file']),
      { exitCode: 1, says: /damaged|hash|match/ },
      expect,
      {
        hasOutput: true,
      },
    )
  })

  test('with trees is found without reading data', async ({ whole, copy, expect }) => {
    await flip(copy, whole.files.tree, 20)
    expectFindings(await copy.run(['check']), /tree/, expect)
    expect((await copy.run(['ls', 'latest'])).exitCode).toBe(1)
  })

  test('in its header is found by reading; no file is lost', async ({ whole, copy, dir, expect }) => {
    const { size } = await sizeOf(copy, whole.files.data)
    await flip(copy, whole.files.data, size - 20)
    expectFindings(await copy.run(['check', '--read-data']), new RegExp(packName(whole.files.data)), expect)
    await copy.ok(['restore', 'latest:/tree', '--target', dir.join('restored')])
    expect(await readFile(dir.join('restored', 'newer', 'file'))).toEqual(randomBytesOf('newer', 3_000_000))
  })

  test.for(['truncated', 'missing'] as const)(
    '%s is found without reading data',
    async (how, { whole, copy, dir, expect }) => {
      const path = join(copy.repository, whole.files.data)
      if (how === 'missing') await rm(path)
      else await truncate(path, 1_000_000)
      const result = await copy.run(['check'])
      expectFindings(result, new RegExp(packName(whole.files.data)), expect)
      expect(result.stderr).toContain('/tree/newer/file')
      const restored = await copy.run(['restore', 'latest:/tree', '--target', dir.join('restored')])
      expect(restored.exitCode).toBe(3)
      expect(await readFile(dir.join('restored', 'older', 'file'))).toEqual(randomBytesOf('older', 100_000))
    },
  )

  test.skipIf(noRestic)(
    'heals when restic repairs the index and the files are backed up again',
    async ({ whole, copy, dir, expect }) => {
      await rm(join(copy.repository, whole.files.data))
      await resticOn(copy).ok(['repair', 'index'])
      expect((await copy.run(['check'])).exitCode).toBe(1)
      // The file has not changed, yet its content is not there any more: it is read again.
      const summary = await copy.backup(['tree'])
      expect(summary['data_added']).toBe(3_000_000)
      await copy.check()
      await copy.ok(['restore', `${whole.snapshots[1]}:/tree`, '--target', dir.join('restored')])
      expect(await readFile(dir.join('restored', 'newer', 'file'))).toEqual(randomBytesOf('newer', 3_000_000))
    },
  )
})

describe.concurrent('subsets of the data', () => {
  test('together cover every pack', async ({ whole, copy, expect }) => {
    await flip(copy, whole.files.data, 5000)
    let found = 0
    for (const part of ['1/3', '2/3', '3/3']) {
      const { exitCode } = await copy.run(['check', '--read-data-subset', part])
      if (exitCode !== 0) found++
    }
    expect(found).toBe(1)
    expect((await copy.run(['check', '--read-data-subset', '100%'])).exitCode).toBe(1)
    expect((await copy.run(['check', '--read-data-subset', '1G'])).exitCode).toBe(1)
  })
})

function expectError(
  result: ProcessResult,
  { exitCode, says }: { exitCode: number; says: RegExp },
  expect: ExpectStatic,
  { hasOutput = false } = {},
): void {
  expect(result.stderr).toMatch(says)
  expect(result.stderr).toMatch(/^hikae: [^\n]+\nnext: [^\n]+\n$/)
  expect(result.stderr).not.toMatch(/\n\s+at |unexpected error/)
  expect(result.exitCode).toBe(exitCode)
  if (!hasOutput) expect(result.stdout).toMatch(/^((restoring|snapshot) [^\n]*\n)?$/)
}

/** Check found something, said what it is and what to do. */
function expectFindings(result: ProcessResult, says: RegExp, expect: ExpectStatic): void {
  expect(result.stderr).toMatch(says)
  expect(result.stderr).toMatch(/^(error: |hint: )/)
  expect(result.stderr).not.toMatch(/\n\s+at |unexpected error/)
  expect(result.stdout).toMatch(/\d+ errors? found/)
  expect(result.stdout).toMatch(/next: /)
  expect(result.exitCode).toBe(1)
}

async function flip({ repository }: Hikae, path: string, position: number): Promise<void> {
  const whole = join(repository, path)
  await writeFlipped(whole, await readFile(whole), position)
}

async function writeFlipped(path: string, original: Buffer, position: number): Promise<void> {
  const changed = Buffer.from(original)
  changed[position]! ^= 1
  await using file = await open(path, 'r+')
  await file.write(changed)
}

async function sizeOf({ repository }: Hikae, path: string): Promise<{ size: number }> {
  await using file = await open(join(repository, path))
  return await file.stat()
}

function packName(path: string): string {
  return path.slice('data/00/'.length, 'data/00/'.length + 8)
}

async function filesIn(repository: string): Promise<string[]> {
  const found = await readdir(repository, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(repository.length + 1)).toSorted()
}
