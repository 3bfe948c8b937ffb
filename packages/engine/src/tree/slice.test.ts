import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTree } from './decode.ts'
import { encodeName, encodeNode, encodeTree } from './encode.ts'
import type { Node } from './node.ts'
import { arbitraryNode } from './node.test.support.ts'
import { sliceTree } from './slice.ts'

const id = 'fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f'
const node =
  '{"name":"a","type":"file","mtime":"2024-02-29T12:34:56Z","atime":"2024-02-29T12:34:56Z",' +
  `"ctime":"2024-02-29T12:34:56Z","uid":0,"gid":0,"content":["${id}"]}`

function sliceText(text: string) {
  return sliceTree(Buffer.from(text))
}

describe('the slices of a tree', () => {
  test('are its nodes, by name', () => {
    const unique = fc.uniqueArray(arbitraryNode, { selector: ({ name }) => name, maxLength: 6 })
    fc.assert(
      fc.property(unique, (nodes) => {
        const portable = nodes.filter((node) => node.genericAttributes === undefined)
        const slices = sliceTree(encodeTree(portable.map(encodeNode)))
        expect(slices?.size).toBe(portable.length)
        for (const each of portable) expect(slices?.get(encodeName(each.name))).toBe(encodeNode(each))
      }),
      { numRuns: 1000 },
    )
  })

  test('are never wrong: what is sliced is what is decoded, whatever was changed in the tree', () => {
    const pieces = fc.constantFrom(
      '},{"name":"',
      '","type":"',
      '"',
      '\\',
      ']',
      '[',
      '{',
      '}',
      ',',
      ']}\n',
      'null',
      ' ',
      ':',
    )
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 4 }), pieces), { maxLength: 2 })
    fc.assert(
      fc.property(fc.array(arbitraryNode, { maxLength: 4 }), changes, (nodes, changes) => {
        let text = encodeTree(nodes.map(encodeNode)).toString('latin1')
        for (const [where, removed, piece] of changes) {
          const index = where % text.length
          text = text.slice(0, index) + piece + text.slice(index + removed)
        }
        const tree = Buffer.from(text, 'latin1')
        const slices = sliceTree(tree)
        if (slices === undefined) return
        const whole = JSON.parse(tree.toString()) as { nodes: { name: string }[] }
        expect([...slices.values()].map(parse)).toEqual(whole.nodes)
        expect([...slices.keys()].map((name) => parse(`"${name}"`))).toEqual(whole.nodes.map(({ name }) => name))
      }),
      { numRuns: 3000 },
    )
  })

  test('of an empty tree are none', () => {
    expect(sliceText('{"nodes":[]}\n')).toEqual(new Map())
  })

  test('may hold any number of blobs', () => {
    const ids = `["${Array.from({ length: 100_000 }, () => id).join('","')}"]`
    const large = node.replace(`["${id}"]`, ids)
    expect(sliceText(`{"nodes":[${large}]}\n`)?.get('a')).toBe(large)
  })

  test.each([
    ['spaces', `{"nodes":[ ${node}]}\n`],
    ['no final line feed', `{"nodes":[${node}]}`],
    ['null for its nodes', '{"nodes":null}\n'],
    ['an unknown field', `{"nodes":[${node.replace('"uid"', '"label":"x","uid"')}]}\n`],
    ['another order', `{"nodes":[${node.replace('"uid":0,"gid":0', '"gid":0,"uid":0')}]}\n`],
    ['a name twice', `{"nodes":[${node},${node}]}\n`],
    ['a comma too many', `{"nodes":[${node},]}\n`],
    ['upper-case ids in a subtree', `{"nodes":[${node.replace(/\}$/, `,"subtree":"${id.toUpperCase()}"}`)}]}\n`],
    ['a content that is no list', `{"nodes":[${node.replace(`["${id}"]`, '{}')}]}\n`],
    ['a broken content', `{"nodes":[${node.replace(`"${id}"]`, `"${id}x"]`)}]}\n`],
    [
      'what looks like a node inside Windows attributes',
      `{"nodes":[${node.replace('"content"', `"generic_attributes":{"x":[{"a":1},${node}]},"content"`)}]}\n`,
    ],
  ])('do not exist when it has %s', (_, text) => {
    expect(sliceText(text)).toBeUndefined()
  })

  test('do not mistake attributes for nodes', () => {
    const attributes: Node['extendedAttributes'] = [
      { name: 'user.a', value: Buffer.from('1') },
      { name: 'user.b","type":"file', value: null },
    ]
    const [first] = decodeTree(Buffer.from(`{"nodes":[${node}]}\n`)).nodes
    const second: Node = { ...first!, name: 'b', extendedAttributes: attributes }
    const slices = sliceTree(encodeTree([node, encodeNode(second)]))
    expect([...slices!.keys()]).toEqual(['a', 'b'])
  })
})

function parse(json: string): unknown {
  return JSON.parse(Buffer.from(json, 'latin1').toString())
}
