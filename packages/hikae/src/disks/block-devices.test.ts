import { expect, test } from 'vitest'
import { parseBlockDevices } from './block-devices.ts'

const NOTHING = { tran: null, vendor: null, model: null, serial: null, fstype: null, label: null, uuid: null }

/** A USB stick with one partition, as lsblk of util-linux 2.38 describes it. */
const STICK = {
  ...NOTHING,
  path: '/dev/sdb',
  'maj:min': '8:16',
  type: 'disk',
  size: 62_109_253_632,
  ro: false,
  rm: true,
  hotplug: true,
  tran: 'usb',
  vendor: 'SanDisk ',
  model: 'Ultra',
  serial: '4C530001',
  pttype: 'dos',
  ptuuid: 'c1d2e3f4',
  children: [
    {
      ...NOTHING,
      path: '/dev/sdb1',
      'maj:min': '8:17',
      type: 'part',
      size: 62_108_204_032,
      ro: false,
      rm: true,
      hotplug: true,
      fstype: 'vfat',
      label: 'PHOTOS',
      uuid: '1A2B-3C4D',
      pttype: 'dos',
      ptuuid: 'c1d2e3f4',
    },
  ],
}

const parse = (...blockdevices: object[]) => parseBlockDevices(JSON.stringify({ blockdevices }))

test('a partition has the model, serial number and transport of its disk, and a content of its own', () => {
  expect(parse(STICK)).toMatchObject([
    {
      path: '/dev/sdb',
      sizeBytes: 62_109_253_632,
      isRemovable: true,
      transport: 'usb',
      model: 'SanDisk Ultra',
      content: { type: undefined, partitionTable: 'dos', partitionTableUuid: 'c1d2e3f4' },
      children: [
        {
          path: '/dev/sdb1',
          number: '8:17',
          type: 'part',
          isRemovable: true,
          transport: 'usb',
          model: 'SanDisk Ultra',
          serial: '4C530001',
          content: { type: 'vfat', label: 'PHOTOS', uuid: '1A2B-3C4D' },
          children: [],
        },
      ],
    },
  ])
  expect(parse(STICK)[0]!.children[0]!.content).not.toHaveProperty('partitionTable')
})

test('numbers and truths that older versions write as text are understood', () => {
  const old = { ...STICK, size: '1024', ro: '1', rm: '0', hotplug: '0', children: undefined }
  expect(parse(old)).toMatchObject([{ sizeBytes: 1024, readOnly: true, isRemovable: false }])
})

test.for([
  ['ATA     ', 'WDC WD40EFRX', 'WDC WD40EFRX'],
  ['0x1af4', 'disk', 'disk'],
  ['Seagate', 'Seagate Expansion', 'Seagate Expansion'],
  [null, 'Samsung SSD 980', 'Samsung SSD 980'],
  ['0x1af4', null, undefined],
])('the vendor %s and the model %s are shown as %s', ([vendor, model, shown]) => {
  expect(parse({ ...STICK, vendor, model, children: undefined })[0]!.model).toBe(shown)
})
