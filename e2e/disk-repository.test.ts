import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeLoopDisk, makeTempDir, randomBytesOf, skipBecause, whyNoLoopDisk } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { makeFiles } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

const noDisk = skipBecause(await whyNoLoopDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `hikae.yaml` in `dir` names one repository on a disk that is mounted, and one in a folder. */
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('disk', async ({}, { onCleanup }) => {
    const disk = await makeLoopDisk({ fileSystem: 'ext4' })
    onCleanup(() => disk[Symbol.asyncDispose]())
    await disk.mount()
    return disk
  })
  .extend('hikae', async ({ dir, disk }) => {
    const hikae = new Hikae({ cwd: dir.path })
    await writeFile(dir.join('password'), PASSWORD)
    const { mountPoint: mount } = disk
    await writeFile(
      dir.join('hikae.yaml'),
      `version: 1
repositories:
  usb:
    local: ${join(mount, 'hikae')}
    disk: { uuid: ${await disk.uuid()}, mount: ${mount} }
    password: { file: password }
  nas:
    local: nas
    password: { file: password }
`,
    )
    await makeFiles(dir.join('tree'), { file: randomBytesOf('file', 300_000) })
    await hikae.ok(['init'])
    return hikae
  })
// oxlint-enable no-empty-pattern

async function snapshotsIn(hikae: Hikae, name: string): Promise<number> {
  return (await hikae.document<unknown[]>(['snapshots', '--repo', name])).length
}

describe.skipIf(noDisk).concurrent('a repository on a disk that comes and goes', () => {
  test('gets what it missed when its disk is back', async ({ hikae, dir, disk, expect }) => {
    await hikae.ok(['backup', 'tree'])
    await disk.unmountLazily()
    await makeFiles(dir.join('tree'), { newer: 'newer' })
    const away = await hikae.run(['backup', 'tree'])
    expect(away).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is not mounted') as string })
    expect(away.stderr).toContain('usb')
    expect(await readdir(disk.mountPoint)).toEqual([])
    expect(await snapshotsIn(hikae, 'nas')).toBe(2)

    await disk.mount()
    await makeFiles(dir.join('tree'), { newest: 'newest' })
    await hikae.ok(['backup', 'tree'])
    expect(await snapshotsIn(hikae, 'nas')).toBe(3)
    expect(await snapshotsIn(hikae, 'usb')).toBe(3)
    await hikae.ok(['check', '--read-data', '--repo', 'usb'])
  })

  test('is not replaced by another disk at the same place', async ({ hikae, disk, expect }) => {
    await disk.unmountLazily()
    await using other = await makeLoopDisk({ fileSystem: 'ext4' })
    await other.mount(disk.mountPoint)
    const result = await hikae.run(['backup', '--repo', 'usb', 'tree'])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain((await other.uuid())!)
    expect(await readdir(disk.mountPoint)).toEqual(['lost+found'])
  })

  test('can be read, and not written to, when its disk is mounted read-only', async ({ hikae, disk, expect }) => {
    await hikae.ok(['backup', 'tree'])
    await disk.remount('read-only')
    expect(await snapshotsIn(hikae, 'usb')).toBe(1)
    await hikae.ok(['restore', 'latest', '--target', 'restored', '--no-lock', '--repo', 'usb'])
    const refused = await hikae.run(['backup', '--repo', 'usb', 'tree'])
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('read-only') as string })
    await disk.remount('read-write')
  })
})
