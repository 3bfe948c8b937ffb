import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { ZERO_TIME } from '../json/go-time.ts'
import { decodeNode, decodeTree, isSafeName } from './decode.ts'
import { encodeNode, encodeTree } from './encode.ts'
import { arbitraryNode } from './node.test.support.ts'

const id = 'fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f'
const plain = {
  ...{ name: 'a', type: 'file', mode: 420, mtime: '2024-02-29T12:34:56Z', atime: '2024-02-29T12:34:56Z' },
  ...{ ctime: '2024-02-29T12:34:56Z', uid: 1, gid: 2, content: [id] },
}

function decodeText(text: string) {
  return decodeTree(Buffer.from(text)).nodes
}

function decodeWith(fields: Record<string, unknown>) {
  return decodeText(JSON.stringify({ nodes: [{ ...plain, ...fields }] }))[0]!
}

describe('a decoded tree', () => {
  const expected = decodeText(JSON.stringify({ nodes: [plain] }))

  test('is the same pretty-printed, reordered, with unknown keys, in other letter case and with upper-case ids', () => {
    const reversed = Object.fromEntries(Object.entries(plain).toReversed())
    const capitals = Object.fromEntries(Object.entries(plain).map(([key, value]) => [key.toUpperCase(), value]))
    for (const text of [
      JSON.stringify({ nodes: [plain] }, undefined, 2),
      JSON.stringify({ version: 7, nodes: [{ ...reversed, label: { name: 'x' } }] }),
      JSON.stringify({ Nodes: [capitals] }),
      JSON.stringify({ nodes: [{ ...plain, content: [id.toUpperCase()] }] }),
      JSON.stringify({ nodes: [{ ...plain, user: null, size: null, extended_attributes: null, subtree: null }] }),
    ]) {
      expect(decodeText(text)).toEqual(expected)
    }
  })

  test('may be empty in two ways', () => {
    expect(decodeText('{"nodes":null}')).toEqual([])
    expect(decodeText('{"nodes":[]}\n')).toEqual([])
  })

  test('keeps the order and the duplicates it finds', () => {
    const nodes = decodeText(JSON.stringify({ nodes: ['b', 'a', 'b'].map((name) => ({ ...plain, name })) }))
    expect(nodes.map(({ name }) => name)).toEqual(['b', 'a', 'b'])
  })

  test('has the zero time where times are missing', () => {
    const { mtime, atime, ctime } = decodeText('{"nodes":[{"name":"a","type":"dir","content":null}]}')[0]!
    expect([mtime, atime, ctime]).toEqual([ZERO_TIME, ZERO_TIME, ZERO_TIME])
  })

  test('understands names with octal escapes and with characters that needed an escape', () => {
    expect(decodeWith({ name: '\\101\u00a0<\u2028' }).name).toBe('A\u00c2\u00a0<\u00e2\u0080\u00a8')
  })

  test('tells an attribute without value from an empty one', () => {
    const attributes = [
      { name: 'a', value: null },
      { name: 'b' },
      { name: 'c', value: '' },
      { Name: 'd', VALUE: 'eA==' },
    ]
    expect(decodeWith({ extended_attributes: attributes }).extendedAttributes).toEqual([
      { name: 'a', value: null },
      { name: 'b', value: null },
      { name: 'c', value: Buffer.alloc(0) },
      { name: 'd', value: Buffer.from('x') },
    ])
  })

  test('takes the raw link target when there is one', () => {
    expect(decodeWith({ linktarget: 'bad\ufffd', linktarget_raw: 'YmFk/w==' }).linkTarget).toBe('bad\u00ff')
    expect(decodeWith({ linktarget: 'ü' }).linkTarget).toBe('\u00c3\u00bc')
  })

  test('keeps numbers above 2^53 exact, with and without spaces', () => {
    for (const colon of [':', ' :\n ']) {
      const text =
        '{"nodes":[{"name":"a","inode":18446744073709551615,"device_id":9007199254740993,"size":1234567890123456,"links":1,"device":9007199254740992}]}'
      const node = decodeText(text.replaceAll(':', colon))[0]!
      expect(node).toMatchObject({ inode: 2n ** 64n - 1n, deviceId: 9007199254740993n, size: 1234567890123456 })
      expect(node).toMatchObject({ links: 1n, device: 9007199254740992n })
    }
  })

  test('reads an unknown type as irregular, so that the other entries stay readable', () => {
    expect(decodeWith({ type: 'door' }).type).toBe('irregular')
  })

  test('passes Windows attributes on as canonical JSON', () => {
    const attributes = {
      'windows.security_descriptor': 'PA==<',
      'windows.creation_time': { LowDateTime: 2, HighDateTime: 1 },
    }
    const canonical =
      '{"windows.creation_time":{"LowDateTime":2,"HighDateTime":1},"windows.security_descriptor":"PA==\\u003c"}'
    expect(decodeWith({ generic_attributes: attributes }).genericAttributes).toBe(canonical)
    expect(decodeWith({ generic_attributes: {} })).not.toHaveProperty('genericAttributes')
  })

  test.each([
    ['not JSON', '{"nodes":['],
    ['no object', '[]'],
    ['no list of entries', '{}'],
    ['a list of something else', '{"nodes":[1]}'],
    ['more after the end', '{"nodes":[]}{}'],
    ['nothing', ''],
  ])('is refused when it is %s', (_, text) => {
    expect(() => decodeText(text)).toThrow(DamagedError)
  })

  test.each([
    [{ name: 'a"b' }, 'is not quoted'],
    [{ name: 'a\nb' }, 'is not quoted'],
    [{ name: "a\\'b" }, 'is not quoted'],
    [{ name: 7 }, 'its name is not a string'],
    [{ mtime: '2024-02-29t12:34:56Z' }, 'its modification time, "2024-02-29t12:34:56Z", is not a time'],
    [{ ctime: '2023-02-29T12:34:56Z' }, 'its change time'],
    [{ atime: '' }, 'its access time'],
    [{ uid: -1 }, 'its uid'],
    [{ mode: 2 ** 32 }, 'its mode'],
    [{ size: 1.5 }, 'its size'],
    [{ inode: '7' }, 'its inode'],
    [{ content: ['short'] }, 'a blob of its content is not an id'],
    [{ content: [null] }, 'a blob of its content is not an id'],
    [{ subtree: 'x' }, 'its subtree is not an id'],
    [{ linktarget_raw: '*' }, 'its raw link target is not base64'],
    [{ extended_attributes: [{ name: 'a', value: '*' }] }, 'the value of an extended attribute'],
    [{ generic_attributes: [] }, 'its generic attributes are not an object'],
  ])('is refused with %j, and the error says why', (fields, message) => {
    expect(() => decodeWith(fields)).toThrow(DamagedError)
    expect(() => decodeWith(fields)).toThrow(message)
  })

  test('is refused with a number above 64 bits', () => {
    expect(() => decodeText('{"nodes":[{"name":18446744073709551615}]}')).toThrow('its name is not a string')
    expect(() => decodeText('{"nodes":[{"name":"a","inode":18446744073709551616}]}')).toThrow('its inode')
  })

  test('is refused, not crashed on, when attributes are nested without end', () => {
    const nested = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)
    expect(() => decodeText(`{"nodes":[{"name":"a","generic_attributes":${nested}}]}`)).toThrow('nested too deeply')
  })

  test('is the same whether it is parsed whole or in parts', () => {
    fc.assert(
      fc.property(fc.array(arbitraryNode, { maxLength: 8 }), fc.integer({ min: 1, max: 2000 }), (nodes, partBytes) => {
        const tree = encodeTree(nodes.map(encodeNode))
        expect(decodeTree(tree, partBytes)).toEqual({ nodes })
        const pretty = Buffer.from(JSON.stringify({ nodes: [plain, plain] }, undefined, 1))
        expect(decodeTree(pretty, partBytes).nodes).toHaveLength(2)
      }),
      { numRuns: 500 },
    )
  })

  test('never crashes on damaged bytes', () => {
    const damage = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(fc.array(arbitraryNode, { maxLength: 3 }), fc.array(damage, { maxLength: 3 }), (nodes, damages) => {
        const tree = encodeTree(nodes.map(encodeNode))
        for (const [where, byte] of damages) tree[where % tree.length] = byte
        try {
          decodeTree(tree)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

test('a node that is not JSON, or no object, is refused', () => {
  expect(() => decodeNode('{')).toThrow(DamagedError)
  expect(() => decodeNode('null')).toThrow(DamagedError)
})

test('names that would leave the directory are not safe', () => {
  expect(['', '.', '..', 'a/b', '/', 'a\0'].filter(isSafeName)).toEqual([])
  expect(['a', '...', '..a', ' ', '\u00ff', 'a\\b'].every(isSafeName)).toBe(true)
})
