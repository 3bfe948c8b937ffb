import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import type { BlobId, TreeId } from '../ids.ts'
import { bytesOfText } from '../json/byte-string.ts'
import { decodeNode } from './decode.ts'
import { encodeNode, encodeTree, nodesToTree } from './encode.ts'
import type { Node } from './node.ts'
import { arbitraryNode } from './node.test.support.ts'

const times = { mtime: '2024-02-29T12:34:56Z', atime: '2024-02-29T12:34:56Z', ctime: '2024-02-29T12:34:56Z' }
const timesJson = '"mtime":"2024-02-29T12:34:56Z","atime":"2024-02-29T12:34:56Z","ctime":"2024-02-29T12:34:56Z"'

const hello: Node = {
  name: 'hello.txt',
  type: 'file',
  mode: 420,
  ...times,
  uid: 0,
  gid: 0,
  size: 13,
  content: ['fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f' as BlobId],
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('an encoded tree', () => {
  test('is the one of the reference repository, byte for byte', () => {
    const tree = nodesToTree([hello])
    expect(tree.toString()).toBe(
      `{"nodes":[{"name":"hello.txt","type":"file","mode":420,${timesJson},"uid":0,"gid":0,"size":13,` +
        '"content":["fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f"]}]}\n',
    )
    expect(tree).toHaveLength(256)
    expect(sha256(tree)).toBe('20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94')
  })

  test('of an empty directory has the known id', () => {
    expect(encodeTree([]).toString()).toBe('{"nodes":[]}\n')
    expect(sha256(nodesToTree([]))).toBe('ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8')
  })

  test('has its nodes in the order of raw bytes', () => {
    const names = ['b', '\u00ff', 'a', 'B', bytesOfText('é'), 'ab']
    const tree = nodesToTree(names.map((name) => ({ ...hello, name })))
    const { nodes } = JSON.parse(tree.toString()) as { nodes: { name: string }[] }
    expect(nodes.map(({ name }) => name)).toEqual(['B', 'a', 'ab', 'b', 'é', '\\xff'])
  })

  test('is refused when a name occurs twice', () => {
    expect(() => nodesToTree([hello, { ...hello, name: 'a' }, hello])).toThrow(DamagedError)
  })

  test('of very many nodes is the same as joined at once', () => {
    const nodes = Array.from({ length: 10_000 }, (_, index) => encodeNode({ ...hello, name: String(index + 10_000) }))
    expect(encodeTree(nodes).toString('latin1')).toBe(`{"nodes":[${nodes.join(',')}]}\n`)
  })
})

describe('an encoded node', () => {
  test('has all fields in order, and the 64-bit ones exact', () => {
    const full: Required<Node> = {
      ...hello,
      user: 'al<ice',
      group: 'ä',
      inode: 2n ** 64n - 1n,
      deviceId: 64769n,
      size: 4096,
      links: 9007199254740993n,
      linkTarget: '../x',
      extendedAttributes: [
        { name: 'user.a', value: Buffer.from('x') },
        { name: 'user.b', value: Buffer.alloc(0) },
        { name: 'user.c', value: null },
      ],
      genericAttributes: '{"windows.file_attributes":32}',
      device: 286338160n,
      content: [],
      subtree: 'ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8' as TreeId,
      error: 'e',
    }
    expect(encodeNode(full)).toBe(
      `{"name":"hello.txt","type":"file","mode":420,${timesJson},"uid":0,"gid":0,"user":"al\\u003cice","group":"\u00c3\u00a4",` +
        '"inode":18446744073709551615,"device_id":64769,"size":4096,"links":9007199254740993,"linktarget":"../x",' +
        '"extended_attributes":[{"name":"user.a","value":"eA=="},{"name":"user.b","value":""},{"name":"user.c","value":null}],' +
        '"generic_attributes":{"windows.file_attributes":32},"device":286338160,"content":[],' +
        '"subtree":"ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8","error":"e"}',
    )
  })

  test('omits what is zero or empty, but never times, owner ids and content', () => {
    const node: Node = {
      ...{ name: 'x', type: 'fifo', mode: 0, ...times, uid: 0, gid: 0, user: '', group: '', inode: 0n, deviceId: 0n },
      ...{ size: 0, links: 0n, linkTarget: '', extendedAttributes: [], device: 0n, content: null, error: '' },
    }
    expect(encodeNode(node)).toBe(`{"name":"x","type":"fifo",${timesJson},"uid":0,"gid":0,"content":null}`)
  })

  test('has a link target that is not UTF-8 once more as raw bytes', () => {
    const node: Node = { ...hello, type: 'symlink', linkTarget: 'bad\u00fftarget', content: null }
    expect(encodeNode(node)).toContain('"linktarget":"bad\\ufffdtarget","linktarget_raw":"YmFk/3RhcmdldA==","content"')
    expect(encodeNode({ ...node, linkTarget: bytesOfText('ziel-ü') })).not.toContain('linktarget_raw')
  })

  test.each([
    ['ampersand&<>', 'ampersand\\u0026\\u003c\\u003e'],
    ['quote"back\\slash', 'quote\\\\\\"back\\\\\\\\slash'],
    [bytesOfText('\u{1f600} 日本 <é>'), bytesOfText('\u{1f600} 日本 \\u003cé\\u003e')],
    [bytesOfText('日本語'), bytesOfText('日本語')],
    [bytesOfText('\u00a0'), '\\\\u00a0'],
    ['\u00ff\u00fe', '\\\\xff\\\\xfe'],
  ])('has the name %j twice quoted', (name, inJson) => {
    expect(encodeNode({ ...hello, name })).toContain(`{"name":"${inJson}","type":"file",`)
  })

  test('gives back every node', () => {
    fc.assert(
      fc.property(arbitraryNode, (node) => {
        const encoded = encodeNode(node)
        expect(encoded).toBe(Buffer.from(Buffer.from(encoded, 'latin1').toString('utf8')).toString('latin1'))
        expect(decodeNode(encoded)).toEqual(node)
      }),
      { numRuns: 1000 },
    )
  })
})
