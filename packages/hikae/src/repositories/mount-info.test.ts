import { describe, expect, test } from 'vitest'
import { mountOf, parseMountInfo } from './mount-info.ts'

const TABLE = [
  '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw',
  '40 27 8:17 / /mnt/my\\040disk rw,relatime shared:7 master:2 - ext4 /dev/sdb1 rw',
  '41 27 0:50 / /mnt/nas rw - nfs4 nas:/export rw,addr=192.168.1.9',
  '42 41 8:33 / /mnt/nas rw - xfs /dev/sdc1 rw',
  'nonsense',
  '',
].join('\n')

describe('mounts', () => {
  const mounts = parseMountInfo(TABLE)

  test('are read with optional fields and escapes, and without lines of another form', () => {
    expect(mounts).toHaveLength(5)
    expect(mounts[2]).toEqual({ device: '8:17', target: '/mnt/my disk', type: 'ext4', source: '/dev/sdb1' })
  })

  test.for([
    ['/', '/dev/vda'],
    ['/mnt/my disk', '/dev/sdb1'],
    ['/mnt/my disk/hikae', '/dev/sdb1'],
    ['/mnt/my diskette', '/dev/vda'],
    ['/mnt/nas/hikae', '/dev/sdc1'],
  ] as const)('%s is on %s', ([path, source]) => {
    expect(mountOf(path, mounts)?.source).toBe(source)
  })
})
