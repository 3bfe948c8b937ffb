import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goMode, nodeTypeOf, posixMode } from './mode.ts'

describe('the mode of a node', () => {
  test.each([
    ['dir 0755', 0o040755, 2147484141, 'dir'],
    ['dir 1777', 0o041777, 2148532735, 'dir'],
    ['dir 2755', 0o042755, 2151678445, 'dir'],
    ['symlink 0777', 0o120777, 134218239, 'symlink'],
    ['chardev 0644', 0o020644, 69206436, 'chardev'],
    ['block 0660', 0o060660, 67109296, 'dev'],
    ['block 0640', 0o060640, 67109280, 'dev'],
    ['fifo 0640', 0o010640, 33554848, 'fifo'],
    ['file 6755', 0o106755, 12583405, 'file'],
    ['file 0644', 0o100644, 420, 'file'],
    ['file 0000', 0o100000, 0, 'file'],
    ['socket 0755', 0o140755, 16777216 + 0o755, 'socket'],
  ] as const)('of a %s has the bits of the reference', (_, posix, go, type) => {
    expect(goMode(posix)).toBe(go)
    expect(posixMode(go)).toBe(posix)
    expect(nodeTypeOf(posix)).toBe(type)
  })

  test('of an unknown type is irregular', () => {
    expect(nodeTypeOf(0o150644)).toBe('irregular')
    expect(goMode(0o150644)).toBe(524288 + 0o644)
    expect(posixMode(524288 + 0o644)).toBe(0o644)
  })

  test('survives the way there and back', () => {
    const types = fc.constantFrom(0o100000, 0o040000, 0o120000, 0o060000, 0o020000, 0o010000, 0o140000)
    fc.assert(
      fc.property(types, fc.integer({ min: 0, max: 0o7777 }), (type, bits) => {
        expect(posixMode(goMode(type | bits))).toBe(type | bits)
      }),
    )
  })
})
