import { expect, test } from 'vitest'
import { parseMounts } from './mounts.ts'

const mount = (more: object) => ({
  target: '/mnt/usb',
  source: '/dev/sdb1',
  fstype: 'ext4',
  'vfs-options': 'rw,relatime',
  'fs-options': 'rw',
  'maj:min': '  8:17 ',
  ...more,
})

const readOnly = (more: object): boolean => parseMounts(JSON.stringify({ filesystems: [mount(more)] }))[0]!.readOnly

test('a mount is read, and no output is no mount', () => {
  expect(parseMounts(JSON.stringify({ filesystems: [mount({})] }))).toEqual([
    { target: '/mnt/usb', source: '/dev/sdb1', type: 'ext4', readOnly: false, number: '8:17' },
  ])
  expect(parseMounts('\n')).toEqual([])
})

test('read-only is what was mounted so, and what a failing disk has become', () => {
  expect(readOnly({ 'vfs-options': 'ro,relatime' })).toBe(true)
  expect(readOnly({ 'fs-options': 'ro,errors=remount-ro' })).toBe(true)
  expect(readOnly({ 'fs-options': 'rw,errors=remount-ro' })).toBe(false)
  expect(readOnly({ 'fs-options': null })).toBe(false)
})

test('a mount without a source, as some of the system are, is read too', () => {
  expect(parseMounts(JSON.stringify({ filesystems: [mount({ source: null })] }))[0]).toMatchObject({ source: '' })
})
