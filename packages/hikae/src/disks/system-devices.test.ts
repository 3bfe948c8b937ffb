import { expect, test } from 'vitest'
import type { BlockDevice } from './block-devices.ts'
import type { MountedFileSystem } from './mounts.ts'
import { DiskSystem } from './system.ts'
import { systemDevices } from './system-devices.ts'

function device(path: string, ...children: BlockDevice[]): BlockDevice {
  return {
    path,
    number: path,
    type: 'disk',
    sizeBytes: 1,
    readOnly: false,
    isRemovable: false,
    transport: undefined,
    model: undefined,
    serial: undefined,
    content: {},
    children,
  }
}

function mount(source: string, target: string, type = 'ext4'): MountedFileSystem {
  return { source, target, type, readOnly: false, number: '0:99' }
}

/** Devices without nodes here, so that nothing is asked of this machine but what it swaps to. */
const system = new DiskSystem()

const pathsOf = async (devices: BlockDevice[], mounts: MountedFileSystem[]): Promise<string[]> =>
  [...(await systemDevices(devices, mounts, system))].sort()

test('one partition that the system runs from makes its whole disk a part of the system', async () => {
  const disks = [
    device('/dev/no-a', device('/dev/no-a1'), device('/dev/no-a2')),
    device('/dev/no-b', device('/dev/no-b1')),
  ]
  const mounts = [mount('/dev/no-a1', '/boot/efi'), mount('/dev/no-b1', '/mnt/usb')]
  expect(await pathsOf(disks, mounts)).toEqual(['/dev/no-a', '/dev/no-a1', '/dev/no-a2'])
})

test('all disks below a RAID or volume group that the system is on belong to it', async () => {
  const root = device('/dev/mapper/no-root')
  const disks = [device('/dev/no-a', root), device('/dev/no-b', root), device('/dev/no-c')]
  expect(await pathsOf(disks, [mount('/dev/mapper/no-root', '/usr')])).toEqual([
    '/dev/mapper/no-root',
    '/dev/no-a',
    '/dev/no-b',
  ])
})

test('a disk with a home folder or a disk of data is none of the system, a package is', async () => {
  const disks = [device('/dev/no-a'), device('/dev/no-b'), device('/dev/no-c')]
  const mounts = [mount('/dev/no-a', '/home'), mount('/dev/no-b', '/variety'), mount('/dev/no-c', '/x', 'squashfs')]
  expect(await pathsOf(disks, mounts)).toEqual(['/dev/no-c'])
})

test('a disk that the system swaps to belongs to it', async () => {
  const swapping = new (class extends DiskSystem {
    override swapSpaces = () => Promise.resolve(['/swapfile', '/dev/no-b1'])
  })()
  const disks = [device('/dev/no-a'), device('/dev/no-b', device('/dev/no-b1'), device('/dev/no-b2'))]
  expect([...(await systemDevices(disks, [], swapping))].sort()).toEqual(['/dev/no-b', '/dev/no-b1', '/dev/no-b2'])
})
