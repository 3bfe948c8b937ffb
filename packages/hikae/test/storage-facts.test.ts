import { mkdir, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeSmallDisk, makeTempDir, skipBecause, whyNoSmallDisk } from '@hikae/testkit'
import { describe, expect, test } from 'vitest'
import { storageFacts } from '../src/repositories/storage-facts.ts'

const TMPFS_MAGIC = 0x01021994
const noDisk = skipBecause(await whyNoSmallDisk())
const noSharedMemory = skipBecause(
  (await statfs('/dev/shm').catch(() => undefined))?.type === TMPFS_MAGIC ? undefined : '/dev/shm is not in memory',
)

describe('what a folder lies on', () => {
  test('is the same for all folders of a file system, also for one that is not made yet', async () => {
    await using dir = await makeTempDir()
    const facts = await storageFacts(dir.path)
    expect(facts).toBeDefined()
    await mkdir(dir.join('folder'))
    expect(await storageFacts(dir.join('folder'))).toEqual(facts)
    expect(await storageFacts(dir.join('not/yet'))).toEqual(facts)
  })

  test.skipIf(noDisk)('is for a disk image the disk that holds the image', async () => {
    await using disk = await makeSmallDisk()
    await mkdir(join(disk.path, 'folder'))
    const holder = await storageFacts(dirname(disk.path))
    const facts = await storageFacts(join(disk.path, 'folder'))
    // An image in memory has no disk below it: then it stands for itself.
    if (holder?.kind === 'disks') expect(facts).toEqual(holder)
    else expect(facts).toMatchObject({ kind: 'disks', disks: [expect.stringMatching(/^7:\d+$/)] })
  })

  test.skipIf(noSharedMemory)('may be the memory of the machine', async () => {
    expect(await storageFacts('/dev/shm')).toEqual({ kind: 'memory' })
  })
})
