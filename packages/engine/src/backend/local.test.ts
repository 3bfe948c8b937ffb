import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { sha256Id } from '../crypto/hash.ts'
import { BackendError, FileExistsError, FileMissingError } from './backend.ts'
import { openLocalBackend, type LocalBackend } from './local.ts'

const test = base.extend<{ root: string; backend: LocalBackend }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern here
  root: async ({}, use) => {
    const root = await mkdtemp(join(tmpdir(), 'hikae-local-'))
    await use(root)
    await rm(root, { recursive: true })
  },
  backend: async ({ root }, use) => {
    const backend = await openLocalBackend(root)
    await backend.create()
    await backend.write('config', '', Buffer.from('config'))
    await use(backend)
  },
})

const content = Buffer.from('a pack')
const name = sha256Id(content)

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777
}

test('a new repository has the folders that restic expects', async ({ root, expect }) => {
  const backend = await openLocalBackend(join(root, 'deep', 'below'))
  await backend.create()
  expect(await readdir(backend.location)).toEqual(['data', 'index', 'keys', 'locks', 'snapshots'])
  const packs = await readdir(join(backend.location, 'data'))
  expect([packs.length, packs[0], packs[255]]).toEqual([256, '00', 'ff'])
})

test('a place that does not exist can be opened, has no files, and no lists either', async ({ root, expect }) => {
  const backend = await openLocalBackend(join(root, 'nowhere'))
  await expect(backend.read('config', '')).rejects.toBeInstanceOf(FileMissingError)
  await expect(backend.list('snapshot').next()).rejects.toThrow('there is no repository in')
  await expect(backend.write('pack', name, content)).rejects.toThrow('there is no repository in')
  expect(await readdir(root)).toEqual([])
})

test('files lie where restic looks for them, readable by their owner alone', async ({ root, backend, expect }) => {
  await backend.write('pack', name, content)
  await backend.write('key', name, content)
  const pack = join(root, 'data', name.slice(0, 2), name)
  expect(backend.localPath('pack', name)).toBe(pack)
  expect([await modeOf(pack), await modeOf(join(root, 'keys', name))]).toEqual([0o400, 0o400])
  expect([await modeOf(join(root, 'data')), await modeOf(join(root, 'config'))]).toEqual([0o700, 0o400])
})

test('when the group may read the config, it may read new files as well', async ({ root, backend, expect }) => {
  await chmod(backend.localPath('config', ''), 0o440)
  const shared = await openLocalBackend(root)
  await shared.write('pack', name, content)
  expect(await modeOf(shared.localPath('pack', name))).toBe(0o440)
})

test('a folder that got lost is made again when it is needed', async ({ root, backend, expect }) => {
  await rm(join(root, 'data'), { recursive: true })
  await rm(join(root, 'index'), { recursive: true })
  const listed = await backend.list('index').next()
  expect(listed.done).toBe(true)
  await backend.write('pack', name, content)
  await backend.write('index', name, content)
  expect(await backend.size('pack', name)).toBe(6)
  expect(await modeOf(join(root, 'data', name.slice(0, 2)))).toBe(0o700)
})

test('no temporary file stays behind, whether a write succeeds, loses or fails', async ({ root, backend, expect }) => {
  await backend.write('index', name, content)
  await expect(backend.write('index', name, content)).rejects.toBeInstanceOf(FileExistsError)
  await mkdir(join(root, 'locks', name))
  await expect(backend.write('lock', name, content, { replace: true })).rejects.toBeInstanceOf(BackendError)
  expect(await readdir(join(root, 'index'))).toEqual([name])
  expect(await readdir(join(root, 'locks'))).toEqual([name])
})

test('packs in a wrong folder, folders named like files and dangling links are not listed', async ({
  root,
  backend,
  expect,
}) => {
  await backend.write('pack', name, content)
  const wrongFolder = name.startsWith('00') ? '01' : '00'
  await writeFile(join(root, 'data', wrongFolder, name), content)
  await writeFile(join(root, 'data', name), content)
  await mkdir(join(root, 'snapshots', name))
  await symlink('nowhere', join(root, 'locks', name))
  const packs: string[] = []
  for await (const file of backend.list('pack')) packs.push(file.name)
  expect(packs).toEqual([name])
  expect(await backend.list('snapshot').next()).toMatchObject({ done: true })
  expect(await backend.list('lock').next()).toMatchObject({ done: true })
})

test('a path through a file is explained', async ({ root, expect }) => {
  await writeFile(join(root, 'file'), '')
  const opened = openLocalBackend(join(root, 'file', 'repository'))
  await expect(opened).rejects.toMatchObject({
    code: 'BACKEND',
    message: expect.stringContaining('is a file, not a folder'),
    hint: expect.stringContaining('check that'),
  })
})

describe('content that comes in pieces', () => {
  test('is stored as if it had come whole', async ({ root, backend, expect }) => {
    await backend.writeStream('pack', name, pieces('a ', 'pack'))
    expect(Buffer.from(await backend.read('pack', name)).toString()).toBe('a pack')
    expect(await modeOf(backend.localPath('pack', name))).toBe(0o400)
    await expect(backend.writeStream('pack', name, pieces('a pack'))).rejects.toBeInstanceOf(FileExistsError)
    expect(await readdir(join(root, 'data', name.slice(0, 2)))).toEqual([name])
  })

  test('leaves nothing when it breaks off, and says why', async ({ root, backend, expect }) => {
    const why = new Error('the sender has gone')
    await expect(backend.writeStream('pack', name, pieces('a ', why))).rejects.toBe(why)
    expect(await readdir(join(root, 'data', name.slice(0, 2)))).toEqual([])
  })

  test('leaves nothing when it is aborted', async ({ root, backend, expect }) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let n = 0; ; n++) {
        if (n === 3) controller.abort(reason)
        yield Buffer.alloc(1000)
      }
    }
    const writing = backend.writeStream('pack', name, endless(), { signal: controller.signal })
    await expect(writing).rejects.toBe(reason)
    expect(await readdir(join(root, 'data', name.slice(0, 2)))).toEqual([])
  })
})

async function* pieces(...parts: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part
    yield Buffer.from(part)
  }
}
