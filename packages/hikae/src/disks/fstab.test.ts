import { expect, test } from 'vitest'
import { fstabLine, parseFstab, withLine } from './fstab.ts'

test('lines are read, comments and what nobody understands are not', () => {
  const table = [
    '# /etc/fstab',
    'UUID="1111-2222"  /boot/efi\tvfat umask=0077 0 1',
    '  LABEL=data /mnt/my\\040disk ext4 defaults 0 2',
    '#UUID=3333 /mnt/old ext4 defaults 0 2',
    '',
    'garbage',
  ].join('\n')
  expect(parseFstab(table)).toEqual([
    { source: 'UUID=1111-2222', target: '/boot/efi' },
    { source: 'LABEL=data', target: '/mnt/my disk' },
  ])
})

test('a line that was made is read back, whatever is in the name of the folder', () => {
  const line = fstabLine({ uuid: '1111', mount: '/mnt/a b\\c #d' })
  expect(line.split(' ')).toHaveLength(6)
  expect(line).toContain('nofail,x-systemd.device-timeout=')
  expect(parseFstab(line)).toEqual([{ source: 'UUID=1111', target: '/mnt/a b\\c #d' }])
})

test('a line is added at the end, also to a table whose last line has none', () => {
  expect(withLine('', 'new')).toBe('new\n')
  expect(withLine('old\n', 'new')).toBe('old\nnew\n')
  expect(withLine('old', 'new')).toBe('old\nnew\n')
})
