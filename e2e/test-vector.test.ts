import { cp, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe } from 'vitest'
import { TEST_VECTOR, TEST_VECTOR_PASSWORD } from '../packages/engine/test/test-vector.ts'
import { filesOf, makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae } from './hikae.ts'

/** A repository that restic 0.18.0 wrote, byte for byte; see the engine's own test of it. */
const test = base.extend('vector', async ({ dir }) => {
  const files = Object.entries(TEST_VECTOR).map(([path, content]) => [path, Buffer.from(content, 'base64')] as const)
  await makeFiles(dir.join('repository'), Object.fromEntries(files))
  return new Hikae({ repository: dir.join('repository'), cwd: dir.path, password: TEST_VECTOR_PASSWORD })
})

const TREE =
  '{"nodes":[{"name":"hello.txt","type":"file","mode":420,"mtime":"2024-02-29T12:34:56Z","atime":"2024-02-29T12:34:56Z",' +
  '"ctime":"2024-02-29T12:34:56Z","uid":0,"gid":0,"size":13,' +
  '"content":["fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f"]}]}\n'

describe.concurrent('the repository of the test vector', () => {
  test('opens with its password, and shows what was put into it', async ({ vector, dir, expect }) => {
    expect(await vector.snapshots()).toMatchObject([
      {
        id: '8d1f4f19a0c73cac9d247dfab3cd3315fe6bbb0eab51ed0f8a9e3ec614e713d9',
        time: '2024-02-29T12:34:56Z',
        tree: '20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94',
        paths: ['/hello.txt'],
        hostname: 'vector',
        username: 'root',
        tags: ['t1'],
        program_version: 'restic 0.18.0',
        summary: { data_added: 269, data_added_packed: 342, total_files_processed: 1, total_bytes_processed: 13 },
      },
    ])
    expect(await vector.paths()).toEqual(['/hello.txt'])
    expect((await vector.ok(['cat', 'tree', 'latest'])).stdout).toBe(TREE)
    expect(await vector.document(['cat', 'config'])).toEqual({
      version: 2,
      id: 'f361c95ff7a48342028e07808736ac1ff057d10ffd50dfb594a717636e227bff',
      chunker_polynomial: '3179dbc0ec90bb',
    })
    expect(await vector.document(['cat', 'masterkey'])).toEqual({
      mac: { k: 'fvN5/rA+Il/Vcuc3e+8qrw==', r: 'lM4NFIOvk80sPfCZRtltRQ==' },
      encrypt: 'bAEVnYZc07cqQN2bc+44/V+ZkSosJL7zYCsZpUcRhxc=',
    })
    await vector.check()
    await vector.restore('latest', dir.join('restored'))
    expect(await readFile(dir.join('restored/hello.txt'), 'utf8')).toBe('hello restic\n')
    expect((await vector.ok(['dump', 'latest', '/hello.txt'])).stdout).toBe('hello restic\n')
  })

  test('takes another snapshot of the same content without storing it again', async ({ vector, dir, expect }) => {
    await makeFiles(dir.join('tree'), { 'hello.txt': 'hello restic\n' })
    expect(await vector.backup(['tree'])).toMatchObject({ data_blobs: 0, files_new: 1 })
    await vector.check()
    if (!noRestic) await resticOn(vector).check()
  })

  test('can be read where nothing can be written', async ({ vector, dir, expect }) => {
    await cp(vector.repository, dir.join('copy'), { recursive: true })
    const copy = vector.with({ repository: dir.join('copy') })
    expect(await copy.paths('latest', ['--no-lock'])).toEqual(['/hello.txt'])
    await copy.restore('latest', dir.join('restored'), ['--no-lock'])
    await copy.check(['--no-lock', '--read-data'])
    // The test vector has no folder for locks: none was made.
    await expect(filesOf(copy, 'locks')).rejects.toThrow('ENOENT')
    expect(dirname(copy.repository)).toBe(dir.path)
  })
})
