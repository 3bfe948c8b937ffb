import { expect, test } from 'vitest'
import { parseBlkid, parseWipefs } from './signatures.ts'

test('what blkid says of a file system is read, with special characters as they are', () => {
  const output =
    'DEVNAME=/dev/sdb\nLABEL=My\\ \\"Disk\\\\\nUUID=1A2B-3C4D\nBLOCK_SIZE=512\nTYPE=vfat\nUSAGE=filesystem\n'
  expect(parseBlkid(output)).toMatchObject({ type: 'vfat', label: 'My "Disk\\', uuid: '1A2B-3C4D' })
})

test('what blkid says of a partition table is read, and no output is nothing', () => {
  expect(parseBlkid('DEVNAME=/dev/sdb\nPTUUID=627c825c\nPTTYPE=gpt\n')).toMatchObject({
    type: undefined,
    partitionTable: 'gpt',
    partitionTableUuid: '627c825c',
  })
  expect(parseBlkid('')).toMatchObject({ type: undefined, partitionTable: undefined, uuid: undefined })
})

test('signatures are read; an empty list and no output are none', () => {
  const signature = { device: 'sdb', offset: '0x218', type: 'LVM2_member', uuid: 'abc', label: null }
  expect(parseWipefs(JSON.stringify({ signatures: [signature] }))).toEqual([
    { type: 'LVM2_member', uuid: 'abc', label: undefined },
  ])
  expect(parseWipefs('{"signatures": []}')).toEqual([])
  expect(parseWipefs('')).toEqual([])
})
