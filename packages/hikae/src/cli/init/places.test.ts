import { describe, test } from 'vitest'
import type { DiskFacts } from '../../disks/inventory.ts'
import { addressesWithoutAsking, placesAt } from './places.ts'

function disk(mount: string, facts: Partial<DiskFacts> = {}): DiskFacts {
  return {
    device: '/dev/sdx1',
    type: 'part',
    sizeBytes: 1e12,
    content: { uuid: `uuid of ${mount}`, label: 'BACKUP' },
    mounts: [mount],
    freeBytes: 1e12,
    readOnly: false,
    isRemovable: true,
    isSystem: false,
    transport: 'usb',
    model: undefined,
    serial: undefined,
    preparedAt: undefined,
    repositories: [],
    ...facts,
  }
}

describe('where repositories are put', () => {
  test('without asking: where it is said, else on the only removable disk that can be written', ({ expect }) => {
    const others = [disk('/a', { readOnly: true }), disk('/b', { isRemovable: false }), disk('/c', { mounts: [] })]
    expect(addressesWithoutAsking([], [...others, disk('/mnt/usb')])).toEqual(['/mnt/usb/hikae'])
    expect(addressesWithoutAsking(['/x'], [disk('/mnt/usb')])).toEqual(['/x'])
    expect(() => addressesWithoutAsking([], others)).toThrow(/no removable disk is mounted/)
    expect(() => addressesWithoutAsking([], [disk('/one'), disk('/two')])).toThrow(/2 removable disks are mounted/)
  })

  test('on a disk that can be taken away are bound to that disk', async ({ expect }) => {
    const disks = [disk('/mnt/usb'), disk('/srv/fixed', { isRemovable: false })]
    const places = await placesAt(['/mnt/usb/hikae', '/srv/fixed/hikae', 'sftp:me@nas.local:/x'], {
      folder: '/app',
      disks,
    })
    expect(places).toEqual([
      {
        name: 'backup',
        location: { kind: 'local', path: '/mnt/usb/hikae', disk: { uuid: 'uuid of /mnt/usb', mount: '/mnt/usb' } },
      },
      { name: 'local', location: { kind: 'local', path: '/srv/fixed/hikae' } },
      { name: 'nas.local', location: expect.objectContaining({ kind: 'sftp', host: 'nas.local' }) as object },
    ])
  })
})
