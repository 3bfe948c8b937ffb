import { describe, expect, test } from 'vitest'
import { diskUsageOf } from './disk-usage.ts'

const IMAGE = { Id: 'sha256:1', SharedSize: 100, VirtualSize: 400, Size: 400, Containers: 1 }

describe('what an engine says of its disk', () => {
  test('is summed up, with what is in use', () => {
    const usage = diskUsageOf({
      LayersSize: 1000,
      Images: [IMAGE, { ...IMAGE, Id: 'sha256:2', Size: 700, Containers: 0 }],
      Containers: [
        { State: 'running', SizeRw: 7 },
        { State: 'exited', SizeRw: 5 },
        { State: 'created', SizeRootFs: 400 },
      ],
      Volumes: [
        { Name: 'used', UsageData: { Size: 20, RefCount: 1 } },
        { Name: 'dangling', UsageData: { Size: 30, RefCount: 0 } },
      ],
      BuildCache: [
        { Size: 50, InUse: false, Shared: false },
        { Size: 60, InUse: true, Shared: false },
        { Size: 70, InUse: false, Shared: true },
      ],
    })
    expect(usage.images).toEqual({ count: 2, inUse: 1, bytes: 1000, freeableBytes: 600, unknown: 0 })
    expect(usage.containers).toEqual({ count: 3, inUse: 1, bytes: 12, freeableBytes: 5, unknown: 0 })
    expect(usage.volumes).toEqual({ count: 2, inUse: 1, bytes: 50, freeableBytes: 30, unknown: 0 })
    expect(usage.buildCache).toEqual({ count: 2, inUse: 1, bytes: 110, freeableBytes: 50, unknown: 0 })
    expect([...usage.volumeBytes]).toEqual([
      ['used', 20],
      ['dangling', 30],
    ])
  })

  test('frees all layers when no image is in use', () => {
    const unused = { ...IMAGE, Containers: 0 }
    const { images } = diskUsageOf({ LayersSize: 700, Images: [unused, { ...unused, Id: 'sha256:2' }] })
    expect(images).toMatchObject({ inUse: 0, freeableBytes: 700 })
  })

  test('is unknown where it says -1, null or nothing', () => {
    const usage = diskUsageOf({
      LayersSize: -1,
      Images: null,
      Volumes: [
        { Name: 'plugin', UsageData: { Size: -1, RefCount: 0 } },
        { Name: 'other', UsageData: null },
      ],
    })
    expect(usage.volumes).toEqual({ count: 2, inUse: 1, bytes: undefined, freeableBytes: undefined, unknown: 2 })
    expect(usage.volumeBytes.size).toBe(0)
    expect(usage.images).toMatchObject({ count: 0, bytes: 0 })
    expect(usage.buildCache).toMatchObject({ count: 0, bytes: 0, freeableBytes: 0 })
  })
})
