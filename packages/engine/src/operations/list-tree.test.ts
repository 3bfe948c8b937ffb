import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { alterFile, makeFilledRepository, type TreeSpec } from '../repository/fixture.test.support.ts'
import { listTree, type ListTreeOptions } from './list-tree.ts'
import { PathMissingError } from './tree-path.ts'

const SPEC: TreeSpec = {
  a: { b: { c: 'c' }, 'b.txt': 'b' },
  empty: {},
  file: 'file',
  link: { type: 'symlink', linkTarget: 'file' },
  z: { y: 'y' },
}

async function list(spec: TreeSpec, options: ListTreeOptions = {}): Promise<string[]> {
  const { repository, snapshots } = await makeFilledRepository([spec])
  const paths: string[] = []
  for await (const { path, node } of listTree(repository, snapshots[0]!, options)) {
    expect(path === '/' || path.endsWith(`/${node.name}`)).toBe(true)
    paths.push(path)
  }
  return paths
}

describe('a listing', () => {
  test('has every directory before what is in it, in the order of names', async () => {
    expect(await list(SPEC)).toEqual(['/a', '/a/b', '/a/b/c', '/a/b.txt', '/empty', '/file', '/link', '/z', '/z/y'])
  })

  test('can stop at one level', async () => {
    expect(await list(SPEC, { recursive: false })).toEqual(['/a', '/empty', '/file', '/link', '/z'])
    expect(await list(SPEC, { path: '/a', recursive: false })).toEqual(['/a', '/a/b', '/a/b.txt'])
  })

  test('can be of one directory, or of one file', async () => {
    expect(await list(SPEC, { path: 'a/b/' })).toEqual(['/a/b', '/a/b/c'])
    expect(await list(SPEC, { path: '/file' })).toEqual(['/file'])
    expect(await list(SPEC, { path: '/' })).toHaveLength(9)
    expect(await list(SPEC, { path: '/empty' })).toEqual(['/empty'])
  })

  test('of a path that is not there, or that leads through a file, is an error', async () => {
    await expect(list(SPEC, { path: '/a/x/y' })).rejects.toThrow(PathMissingError)
    await expect(list(SPEC, { path: '/file/x' })).rejects.toThrow('leads through a file')
    await expect(list(SPEC, { path: '/link/x' })).rejects.toThrow(PathMissingError)
  })

  test('of many small directories is complete, and in order', async () => {
    const names = Array.from({ length: 200 }, (_, number) => `dir ${String(number).padStart(3, '0')}`)
    const spec = Object.fromEntries(names.map((name) => [name, { file: name, below: { file: `${name} below` } }]))
    const paths = names.flatMap((name) => [`/${name}`, `/${name}/below`, `/${name}/below/file`, `/${name}/file`])
    expect(await list(spec)).toEqual(paths)
  })

  test('of a directory that cannot be read is an error, after what comes before it', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const { nodes } = await repository.readTree(snapshots[0]!.tree)
    const { pack, offset } = repository.index.find('tree', nodes.at(-1)!.subtree!)!
    await alterFile(repository.backend, 'pack', pack, (content) => content.fill(0, offset, offset + 10))
    const paths: string[] = []
    const listing = async () => {
      for await (const { path } of listTree(repository, snapshots[0]!)) paths.push(path)
    }
    await expect(listing()).rejects.toBeInstanceOf(DamagedError)
    expect(paths.at(-1)).toBe('/z')
  })

  test('can be left early and aborted', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    for await (const { path } of listTree(repository, snapshots[0]!)) if (path === '/a/b') break
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(listTree(repository, snapshots[0]!, { signal }).next()).rejects.toThrow('enough')
  })
})
