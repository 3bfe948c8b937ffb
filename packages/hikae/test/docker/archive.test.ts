import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type DirectoryEntry, type Entry, openTargets } from '@hikae/engine'
import {
  BASE_IMAGE,
  compareTrees,
  type EntryFacts,
  HOSTILE_NAMES,
  makeHostileTree,
  makeTempDir,
  skipBecause,
  startDocker,
  readTreeFacts,
  type TempDir,
  type TestDocker,
  type TreeDifference,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, test as base } from 'vitest'
import { type HelperContainer, withHelperContainer } from '../../src/docker/archive/helper-container.ts'
import { HELPER_LABEL, removeLeftHelpers } from '../../src/docker/archive/left-helpers.ts'
import { openArchive, openArchiveEntry } from '../../src/docker/archive/open-archive.ts'
import { putArchive } from '../../src/docker/archive/put-archive.ts'
import { tarBytes } from '../../src/archives/tar/tar-bytes.test.support.ts'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { ownProcess } from '../../src/state/process-origin.ts'
import { CountingProxy } from '../sources/container-files-ground.ts'
import { SourceGround } from '../support/source-ground.ts'

const signal = new AbortController().signal
const MEBIBYTE = 1024 * 1024

let docker: TestDocker
let engine: DockerEngine

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

const skip = skipBecause(await whyNoDocker())

beforeAll(async () => {
  if (skip) return
  docker = await startDocker()
  engine = await openAt(docker.host)
})
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]()
  await docker?.[Symbol.asyncDispose]()
})

function openAt(host: string, stop = signal): Promise<DockerEngine> {
  return openEngine(parseEngineAddress(host), process.env, stop)
}

async function run(name: string, script: string): Promise<string> {
  await docker.docker('run', '--detach', '--init', '--name', name, BASE_IMAGE, 'sleep', '10000')
  await docker.docker('exec', name, 'sh', '-ec', script)
  return name
}

/** Where the files of a container are on this host. */
async function upperFolder(name: string): Promise<string> {
  return await docker.docker('inspect', '--format', '{{.GraphDriver.Data.UpperDir}}', name)
}

async function volumeHelper(volume: string): Promise<HelperContainer> {
  await docker.docker('volume', 'create', volume)
  return await withHelperContainer(engine, { mounts: [{ volume, path: '/held', isReadOnly: false }] }, signal)
}

/** All names and sizes of content, and the whole of it read. */
async function readAll(entry: Entry, onEntry: (entry: Entry) => void = () => undefined): Promise<number> {
  if (entry.kind === 'unreadable') throw entry.error
  onEntry(entry)
  let bytes = 0
  if (entry.kind === 'file' && entry.content.kind === 'stream') {
    for await (const piece of entry.content.open(signal)) bytes += piece.length
  }
  if (entry.kind !== 'directory') return bytes
  for await (const child of entry.children(signal)) bytes += await readAll(child, onEntry)
  return bytes
}

async function storeTree(ground: SourceGround, root: DirectoryEntry): Promise<void> {
  const open = {
    paths: ['/'],
    root,
    finish: async () => ({ facts: {}, findings: [], isEmpty: false }),
    [Symbol.asyncDispose]: async () => undefined,
  }
  const kind = { name: 'tried', open: async () => open }
  const { backup } = await ground.backUp(kind as never, {}, ground.context('/'))
  if (backup.outcome !== 'succeeded') throw new Error(`the backup has ${backup.unreadable.length} unreadable files`)
}

async function hostileTree(dir: TempDir): Promise<string> {
  const tree = dir.join('tree')
  await mkdir(tree)
  await makeHostileTree(tree, { size: 'small' })
  return tree
}

function isSocket(_: string, { type }: EntryFacts): boolean {
  return type === 'socket'
}

/** Further names of links and special files become entries of their own. */
function isNoLinkOfOthers({ path, what }: TreeDifference): boolean {
  return what !== 'sameFile' || !/^(links|specials|links elsewhere)\//.test(path)
}

describe.skipIf(skip)('files of a container, through the engine', () => {
  test('are written from a snapshot with all their metadata', async ({ dir, expect }) => {
    const tree = await hostileTree(dir)
    const ground = await SourceGround.create(dir)
    await storeTree(ground, openTargets([tree], { workingDirectory: '/' }).root)
    const point = await ground.point()
    await run('written', 'mkdir /place')
    await putArchive(engine, 'written', '/', point.tar(tree, 'place/tree'), signal)
    const place = `${await upperFolder('written')}/place/tree`
    const differences = await compareTrees(tree, place, { without: isSocket })
    expect(differences.filter(isNoLinkOfOthers).map(({ path, what }) => `${path}: ${what}`)).toEqual([
      // Attributes without content are lost, and an equals sign in a name stays escaped.
      'attributes/file: attributes',
      'attributes/folder: attributes',
      // No time is set before 1970.
      'times/1902: mtimeNs',
      'times/1969: mtimeNs',
      'times/last nanosecond before: mtimeNs',
    ])
  })

  test('are read with what the engine tells of them', async ({ dir, expect }) => {
    await using helper = await volumeHelper('hostile')
    const place = `${docker.dataRoot}/volumes/hostile/_data`
    await makeHostileTree(place, { size: 'small' })
    const ground = await SourceGround.create(dir)
    await using archive = await openArchive(engine, helper.name, '/held', signal)
    await storeTree(ground, archive.root)
    await archive.finish()
    const target = dir.join('target')
    await (await ground.point()).writeTo(target)
    // What an archive of the engine has no room for.
    const ignore = ['mtimeNs', 'attributes'] as const
    const differences = await compareTrees(place, target, { ignore, without: isSocket, root: false })
    expect(differences.filter(isNoLinkOfOthers)).toEqual([])
    for (const [path, { mtimeNs }] of await readTreeFacts(target)) {
      if (path.startsWith('contents/')) expect(mtimeNs % 1_000_000_000n).toBe(0n)
    }
  })

  test('may have any names', async ({ expect }) => {
    await using helper = await volumeHelper('named')
    const place = Buffer.from(`${docker.dataRoot}/volumes/named/_data/`)
    for (const name of HOSTILE_NAMES) writeFileSync(Buffer.concat([place, Buffer.from(name, 'latin1')]), name)
    await using archive = await openArchive(engine, helper.name, '/held', signal)
    const names: string[] = []
    await readAll(archive.root, (entry) => entry.kind === 'file' && names.push(entry.name))
    expect(names.toSorted()).toEqual(HOSTILE_NAMES.toSorted())
  })

  test('may be 20,000', async ({ expect }) => {
    await using helper = await volumeHelper('many')
    for (let folder = 0; folder < 20; folder++) {
      const place = `${docker.dataRoot}/volumes/many/_data/${folder}`
      mkdirSync(place)
      for (let file = 0; file < 1000; file++) writeFileSync(`${place}/${file}`, `${file}`)
    }
    await using archive = await openArchive(engine, helper.name, '/held', signal)
    const bytes = await readAll(archive.root)
    expect(await archive.finish()).toEqual({ files: 20_000, directories: 21, others: 0, bytes })
  })

  test('may be one file, and may not be there', async ({ expect }) => {
    await run('single', 'printf content > /one')
    await using archive = await openArchiveEntry(engine, 'single', '/one', signal)
    expect(await readAll(archive.entry)).toBe(7)
    expect(await archive.finish()).toEqual({ files: 1, directories: 0, others: 0, bytes: 7 })
    await expect(openArchive(engine, 'single', '/one', signal)).rejects.toThrow('it is a file, and no folder')
    await expect(openArchive(engine, 'single', '/none', signal)).rejects.toMatchObject({ code: 'DOCKER', status: 404 })
    await expect(openArchive(engine, 'nobody', '/one', signal)).rejects.toMatchObject({ code: 'DOCKER', status: 404 })
  })
})

const LARGE = 'mkdir /large; dd if=/dev/zero of=/large/a bs=1 count=0 seek=4G 2>/dev/null; echo end > /large/z'

describe.skipIf(skip)('reading files of a container', () => {
  test('fails when the connection is cut', async ({ dir, expect }) => {
    await run('cut', LARGE)
    await using proxy = await CountingProxy.start(dir.join('proxy'), docker.socket)
    await using own = await openAt(proxy.address)
    await using archive = await openArchive(own, 'cut', '/large', signal)
    const reading = readAll(archive.root)
    const outcome = reading.catch((error: unknown) => error)
    await proxy.hasGiven(4 * MEBIBYTE)
    proxy.cut()
    expect(await outcome).toMatchObject({ code: 'DOCKER' })
    await expect(archive.finish()).rejects.toThrow('not read to its end')
  })

  test('fails when a file shrinks meanwhile, although the engine says nothing', async ({ dir, expect }) => {
    await run('shrinking', LARGE)
    // The engine answers nothing about the container while it gives its files.
    const upper = await upperFolder('shrinking')
    await using proxy = await CountingProxy.start(dir.join('proxy'), docker.socket)
    await using own = await openAt(proxy.address)
    await using archive = await openArchive(own, 'shrinking', '/large', signal)
    const outcome = readAll(archive.root).catch((error: unknown) => error)
    await proxy.hasGiven(4 * MEBIBYTE)
    truncateSync(`${upper}/large/a`, MEBIBYTE)
    expect(await outcome).toMatchObject({ code: 'DOCKER', hint: expect.stringContaining('not whole') })
  })

  test('stops at once, and lets the engine go', async ({ dir, expect }) => {
    await run('stopped', LARGE)
    await using proxy = await CountingProxy.start(dir.join('proxy'), docker.socket)
    const stop = new AbortController()
    await using own = await openAt(proxy.address, stop.signal)
    await using archive = await openArchive(own, 'stopped', '/large', stop.signal)
    const outcome = readAll(archive.root).catch((error: unknown) => error)
    await proxy.hasGiven(4 * MEBIBYTE)
    const reason = new Error('stopped by this test')
    stop.abort(reason)
    expect(await outcome).toBe(reason)
    // Which it does not answer while somebody reads.
    expect(await docker.docker('inspect', '--format', '{{.State.Running}}', 'stopped')).toBe('true')
  })
})

describe.skipIf(skip)('writing files into a container', () => {
  async function* endless(onPiece: () => void): AsyncGenerator<Uint8Array> {
    for (let number = 0; ; number++) {
      onPiece()
      yield tarBytes([{ name: `file-${number}`, content: Buffer.alloc(64 * 1024) }], { end: false })
      await pause(1)
    }
  }

  test('fails with the error of what gives them', async ({ expect }) => {
    await run('given', 'mkdir /place')
    const lost = new Error('a blob is in no index')
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      let pieces = 0
      for await (const piece of endless(() => pieces++)) {
        yield piece
        if (pieces > 20) throw lost
      }
    }
    await expect(putArchive(engine, 'given', '/place', broken(), signal)).rejects.toBe(lost)
  })

  test('stops at once, and lets the engine go', async ({ expect }) => {
    await run('taking', 'mkdir /place')
    const stop = new AbortController()
    const reason = new Error('stopped by this test')
    let pieces = 0
    const content = endless(() => void (++pieces === 20 && stop.abort(reason)))
    await using own = await openAt(docker.host, stop.signal)
    await expect(putArchive(own, 'taking', '/place', content, stop.signal)).rejects.toBe(reason)
    expect(await docker.docker('inspect', '--format', '{{.State.Running}}', 'taking')).toBe('true')
  })

  test('says what the engine refuses', async ({ expect }) => {
    await docker.docker('run', '--detach', '--init', '--read-only', '--name', 'fixed', BASE_IMAGE, 'sleep', '10000')
    await run('folders', 'mkdir -p /place/name; echo x > /place/name/inside')
    const tar = async function* (): AsyncGenerator<Uint8Array> {
      yield tarBytes([{ name: 'name', content: 'x' }])
    }
    await expect(putArchive(engine, 'fixed', '/', tar(), signal)).rejects.toThrow('read-only')
    await expect(putArchive(engine, 'folders', '/none', tar(), signal)).rejects.toMatchObject({ status: 404 })
    await expect(putArchive(engine, 'folders', '/place', tar(), signal)).rejects.toThrow('cannot overwrite directory')
    expect(await docker.docker('exec', 'folders', 'cat', '/place/name/inside')).toBe('x')
    await putArchive(engine, 'folders', '/place', tar(), signal, { mayReplaceFolders: true })
    expect(await docker.docker('exec', 'folders', 'cat', '/place/name')).toBe('x')
  })
})

async function helpers(): Promise<string[]> {
  const listed = await docker.docker('ps', '--all', '--format', '{{.Names}}', '--filter', `label=${HELPER_LABEL}`)
  return listed.split('\n').filter(Boolean)
}

async function makeHelper(origin: object): Promise<string> {
  const label = `${HELPER_LABEL}=${JSON.stringify(origin)}`
  const id = await docker.docker('create', '--label', label, BASE_IMAGE, 'never')
  return (await docker.docker('inspect', '--format', '{{.Name}}', id)).slice(1)
}

describe.skipIf(skip)('a helper container', () => {
  test('is there until it is not needed, and was never started', async ({ expect }) => {
    {
      await using helper = await volumeHelper('helped')
      expect(await helpers()).toEqual([helper.name])
      const state = await docker.docker(
        'inspect',
        '--format',
        '{{.State.Status}} {{.HostConfig.NetworkMode}}',
        helper.name,
      )
      expect(state).toBe('created none')
    }
    expect(await helpers()).toEqual([])
  })

  test('makes no volume, and puts nothing into one', async ({ expect }) => {
    const mounts = [{ volume: 'misspelt', path: '/etc', isReadOnly: true }]
    await expect(withHelperContainer(engine, { mounts }, signal)).rejects.toMatchObject({ status: 404 })
    expect(await docker.docker('volume', 'ls', '--quiet', '--filter', 'name=misspelt')).toBe('')
    await docker.docker('volume', 'create', 'bare')
    await using helper = await withHelperContainer(
      engine,
      { mounts: [{ volume: 'bare', path: '/etc', isReadOnly: false }] },
      signal,
    )
    await using archive = await openArchive(engine, helper.name, '/etc', signal)
    await readAll(archive.root)
    expect(await archive.finish()).toMatchObject({ files: 0, directories: 1, others: 0 })
  })

  test('of a killed run is removed by the next one, and that of a living one is not', async ({ expect }) => {
    const own = ownProcess()
    const left = [await makeHelper({ ...own, started: 1 }), await makeHelper({ ...own, boot: 'another' })]
    const living = [await makeHelper(own), await makeHelper({ ...own, host: 'elsewhere', boot: 'theirs' })]
    await using helper = await volumeHelper('later')
    expect((await helpers()).toSorted()).toEqual([...living, helper.name].toSorted())
    await docker.docker('rm', ...living)
    expect(left).toHaveLength(2)
  })

  test('takes away the volumes without a name that its image has, and no other', async ({ dir, expect }) => {
    // Smaller than any other image, so that helpers are made of it.
    writeFileSync(dir.join('Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\nVOLUME /asked\n')
    await docker.docker('build', '--quiet', '--tag', 'with-volume', dir.path)
    const volumes = async (): Promise<string> => await docker.docker('volume', 'ls', '--quiet')
    // The volume that is read may have no name of its own either.
    const user = await docker.docker('create', '--volume', '/data', BASE_IMAGE, 'never')
    const volume = await docker.docker('inspect', '--format', '{{(index .Mounts 0).Name}}', user)
    const before = await volumes()
    {
      await using _ = await withHelperContainer(
        engine,
        { mounts: [{ volume, path: '/held', isReadOnly: true }] },
        signal,
      )
      expect(await volumes()).not.toBe(before)
    }
    expect(await volumes()).toBe(before)
    const left = JSON.stringify({ ...ownProcess(), started: 1 })
    await docker.docker('create', '--label', `${HELPER_LABEL}=${left}`, 'with-volume', 'never')
    expect(await volumes()).not.toBe(before)
    await removeLeftHelpers(engine)
    expect(await volumes()).toBe(before)
    await docker.docker('rm', '--volumes', user)
    await docker.docker('rmi', 'with-volume')
  })

  test('needs an image, and pulls none', async ({ expect }) => {
    await using bare = await startDocker({ hasBaseImage: false })
    await using own = await openAt(bare.host)
    await bare.docker('volume', 'create', 'data')
    const mounts = [{ volume: 'data', path: '/held', isReadOnly: true }]
    await expect(withHelperContainer(own, { mounts }, signal)).rejects.toMatchObject({
      message: expect.stringContaining('has no image'),
      hint: expect.stringContaining('docker pull'),
    })
  })
})

describe.skipIf(skip)('an engine that is killed', () => {
  test('while it gives files fails the backup, and no snapshot is made', async ({ dir, expect }) => {
    await run('killed', LARGE)
    const ground = await SourceGround.create(dir)
    await using proxy = await CountingProxy.start(dir.join('proxy'), docker.socket)
    await using own = await openAt(proxy.address)
    await using archive = await openArchive(own, 'killed', '/large', signal)
    const outcome = storeTree(ground, archive.root).catch((error: unknown) => error)
    await proxy.hasGiven(4 * MEBIBYTE)
    await docker.kill()
    expect(await outcome).toMatchObject({ code: 'DOCKER' })
    expect(await ground.snapshotCount()).toBe(0)
    await docker.start()
  })
})
