import { readdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSmallDisk, makeTempDir, randomBytesOf, skipBecause, whyNoSmallDisk, type SmallDisk } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { makeFiles } from './fixtures.ts'
import type { Hikae } from './hikae.ts'
import { checkByRestic, makeHistory, missingFrom, newRepository } from './killing.ts'

const noDisk = skipBecause(await whyNoSmallDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `hikae` works on a small disk with five snapshots, of 8 MB together. */
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('disk', async ({}, { onCleanup }) => {
    const disk = await makeSmallDisk({ sizeBytes: 48 * 1024 * 1024 })
    onCleanup(() => disk[Symbol.asyncDispose]())
    return disk
  })
  .extend('hikae', async ({ dir, disk }) =>
    (await newRepository(dir)).with({ repository: join(disk.path, 'repository'), cwd: dir.path }),
  )
  .extend('history', async ({ dir, hikae }) => {
    await hikae.initCheaply()
    return await makeHistory(dir, hikae, 5, [2_000_000, 1_500_000, 1_000_000])
  })
// oxlint-enable no-empty-pattern

describe.skipIf(noDisk).concurrent('when the disk of the repository is full', () => {
  test('a backup says so, loses nothing, and succeeds once there is room', async ({
    dir,
    disk,
    hikae,
    history,
    expect,
  }) => {
    await makeFiles(dir.join('tree'), { more: randomBytesOf('more', 10_000_000) })
    await disk.fill(5_000_000)
    const { exitCode, stderr } = await hikae.run(['backup', '--pack-size', '4', 'tree'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(FULL) as string })
    expect(await halfWritten(hikae)).toEqual([])
    expect(await missingFrom(hikae, history)).toEqual([])
    await checkByRestic(hikae)
    await unlink(join(disk.path, 'ballast'))
    await hikae.backup(['tree'], ['--pack-size', '4'])
    await hikae.check()
    await checkByRestic(hikae)
  })

  test('a copy into it says so, loses nothing, and succeeds once there is room', async ({
    dir,
    disk,
    hikae,
    history,
    expect,
  }) => {
    const source = await newRepository(dir, 'source')
    await makeFiles(dir.join('source tree'), { file: randomBytesOf('to be copied', 10_000_000) })
    await source.backup(['source tree'], [], { cwd: dir.path })
    await writeFile(dir.join('password'), source.password)
    const copy = ['copy', '--from-repo', source.repository, '--from-password-file', dir.join('password')]
    await disk.fill(5_000_000)
    const { exitCode, stderr } = await hikae.run([...copy, '--pack-size', '4'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(FULL) as string })
    expect(await missingFrom(hikae, history)).toEqual([])
    expect(await hikae.snapshots()).toHaveLength(5)
    await checkByRestic(hikae)
    await unlink(join(disk.path, 'ballast'))
    await hikae.ok(copy)
    expect(await hikae.snapshots()).toHaveLength(6)
    await checkByRestic(hikae)
  })

  test('forget works, and prune makes room: first of what nobody needs, then of packs that are needed in part', async ({
    disk,
    hikae,
    history,
    expect,
  }) => {
    await disk.fill(200_000)
    await hikae.ok(['forget', '--keep-last', '2'])
    const before = await disk.freeBytes()
    const { exitCode, stderr } = await hikae.run(['prune', '--max-unused', '0'])
    expect({ exitCode, stderr }).toMatchObject({ exitCode: expect.toBeOneOf([0, 3]) as number })
    expect(await disk.freeBytes()).toBeGreaterThan(before + 1_000_000)
    expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
    await checkByRestic(hikae)
    await unlink(join(disk.path, 'ballast'))
    await hikae.ok(['prune', '--max-unused', '0'])
    expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
    expect(await checkByRestic(hikae)).not.toContain('not referenced')
  })

  test('to the last byte, nothing can be done, which is said, and nothing is lost', async ({
    disk,
    hikae,
    history,
    expect,
  }) => {
    await hikae.ok(['forget', history[0]!.id])
    await fillUp(disk)
    for (const args of [
      ['forget', '--keep-last', '2'],
      ['prune', '--max-unused', '0'],
      ['backup', 'tree'],
    ]) {
      const { exitCode, stderr } = await hikae.run(args)
      expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(FULL) as string })
    }
    expect(await halfWritten(hikae)).toEqual([])
    expect(await missingFrom(hikae, history.slice(1))).toEqual([])
    await checkByRestic(hikae)
    await unlink(join(disk.path, 'ballast'))
    await hikae.ok(['forget', '--keep-last', '2', '--prune', '--max-unused', '0'])
    expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
    await checkByRestic(hikae)
  })
})

const FULL = /^hikae: cannot write .*: no space left on its disk\nnext: free some space/m

async function halfWritten({ repository }: Hikae): Promise<string[]> {
  return (await readdir(repository, { recursive: true })).filter((name) => name.includes('-tmp-'))
}

async function fillUp(disk: SmallDisk): Promise<void> {
  await disk.fill(0)
  const small = Buffer.alloc(1000)
  for (let number = 0; ; number++) {
    try {
      await writeFile(join(disk.path, `small ballast ${number}`), small, { flush: true })
    } catch {
      return
    }
  }
}
