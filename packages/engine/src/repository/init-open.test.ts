import { describe, expect, test } from 'vitest'
import { MemoryBackend } from '../backend/memory.ts'
import { compress } from '../compression/zstd.ts'
import { Cipher } from '../crypto/cipher.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DamagedError } from '../errors.ts'
import { encodeConfig, RepositoryVersionError } from './config.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  makeRepository,
  TEST_INIT,
  TEST_KDF,
} from './fixture.test.support.ts'
import { initRepository, RepositoryExistsError } from './init.ts'
import { storeKey, WrongPasswordError } from './keys.ts'
import { openRepository, RepositoryMissingError } from './open.ts'

class WatchedBackend extends MemoryBackend {
  isDisposed = false
  readonly writes: string[] = []
  readonly reads: string[] = []

  override async write(...args: Parameters<MemoryBackend['write']>): Promise<void> {
    this.writes.push(args[0])
    await super.write(...args)
  }

  override async read(...args: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
    this.reads.push(`${args[0]} ${args[1]}`)
    return await super.read(...args)
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true
  }
}

async function makeBackend(): Promise<WatchedBackend> {
  const backend = new WatchedBackend()
  await initRepository(backend, TEST_INIT)
  return backend
}

const open = (backend: MemoryBackend, password = 'secret') => openRepository(backend, { password })

/** Puts another plaintext into the config, encrypted with the right key. */
async function replaceConfig(backend: MemoryBackend, plaintext: Uint8Array): Promise<void> {
  const { masterKey } = await open(backend)
  await alterFile(backend, 'config', '', () => new Cipher(masterKey).seal(plaintext))
}

describe('a new repository', () => {
  test('opens with its password', async () => {
    const backend = new MemoryBackend()
    const made = await initRepository(backend, TEST_INIT)
    const repository = await open(backend)
    const { keyId, ...config } = made
    expect(repository.config).toEqual(config)
    expect(repository.keyId).toBe(keyId)
    expect(config).toMatchObject({ version: 2, chunkerPolynomial: 0x3da3358b4dc173n })
    expect(await repository.snapshots()).toEqual([])
  })

  test('has a random polynomial and id unless told otherwise', async () => {
    const { chunkerPolynomial: _, ...init } = TEST_INIT
    const [one, two] = await Promise.all([1, 2].map(() => initRepository(new MemoryBackend(), init)))
    expect(one!.chunkerPolynomial).not.toBe(two!.chunkerPolynomial)
    expect(one!.id).not.toBe(two!.id)
  })

  test('is written key first and config last, so that half of one is none', async () => {
    const backend = await makeBackend()
    expect(backend.writes).toEqual(['key', 'config'])
  })

  test('can be of version 1, whose files are not compressed', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ file: 'text '.repeat(1000) }], { version: 1 })
    expect(repository.config.version).toBe(1)
    const stored = await repository.backend.read('snapshot', snapshots[0]!.id)
    expect(repository.cipher.open(stored).toString('utf8')).toMatch(/^\{"time":/)
    expect(await repository.snapshots()).toEqual(snapshots)
    const { nodes } = await repository.readTree(snapshots[0]!.tree)
    expect((await repository.readBlob('data', nodes[0]!.content![0]!)).toString()).toBe('text '.repeat(1000))
  })

  test('is not made over an existing one, nor over remains of one', async () => {
    const backend = await makeBackend()
    await expect(initRepository(backend, TEST_INIT)).rejects.toThrow(RepositoryExistsError)
    await backend.remove('config', '')
    await expect(initRepository(backend, TEST_INIT)).rejects.toThrow('holds key files')
    const remains = new MemoryBackend()
    await remains.write('snapshot', sha256Id(Buffer.from('x')), Buffer.from('x'))
    await expect(initRepository(remains, TEST_INIT)).rejects.toThrow('holds snapshot files')
  })
})

describe('opening', () => {
  test('refuses a wrong password, and lets go of the backend', async () => {
    const backend = await makeBackend()
    await expect(open(backend, 'wrong')).rejects.toThrow(WrongPasswordError)
    expect(backend.isDisposed).toBe(true)
  })

  test('says that there is no repository', async () => {
    await expect(open(new MemoryBackend())).rejects.toThrow(RepositoryMissingError)
  })

  test('refuses an empty config', async () => {
    const backend = await makeBackend()
    await alterFile(backend, 'config', '', () => Buffer.alloc(0))
    await expect(open(backend)).rejects.toThrow('is empty')
    await expect(open(backend)).rejects.toBeInstanceOf(DamagedError)
  })

  test.for([0, 20, -1])('refuses a config with a wrong bit at byte %i, not as a wrong password', async (at) => {
    const backend = await makeBackend()
    await alterFile(backend, 'config', '', flipBit(at))
    await expect(open(backend)).rejects.toThrow('is damaged')
    await expect(open(backend)).rejects.toBeInstanceOf(DamagedError)
  })

  test('refuses a config that is shorter than any encrypted unit', async () => {
    const backend = await makeBackend()
    await alterFile(backend, 'config', '', (content) => content.subarray(0, 10))
    await expect(open(backend)).rejects.toThrow('is damaged')
  })

  test('refuses a compressed config, as restic does', async () => {
    const backend = await makeBackend()
    const plaintext = encodeConfig((await open(backend)).config)
    const padded = Buffer.concat([plaintext.subarray(0, -1), Buffer.alloc(500, ' '), Buffer.from('}')])
    await replaceConfig(backend, padded)
    expect(await open(backend)).toBeDefined()
    await replaceConfig(backend, Buffer.concat([Buffer.from([2]), compress(padded, 3)!]))
    await expect(open(backend)).rejects.toThrow('the config file is not JSON')
    await expect(open(backend)).rejects.toBeInstanceOf(DamagedError)
  })

  test('refuses a repository of a version to come', async () => {
    const backend = await makeBackend()
    const json = encodeConfig((await open(backend)).config).toString()
    await replaceConfig(backend, Buffer.from(json.replace('"version":2', '"version":3')))
    await expect(open(backend)).rejects.toThrow(RepositoryVersionError)
  })

  test('accepts keys and white space that it does not know', async () => {
    const backend = await makeBackend()
    const json = encodeConfig((await open(backend)).config).toString()
    await replaceConfig(backend, Buffer.from(json.replace('{', '{ "future": [1],\n')))
    expect((await open(backend)).config.version).toBe(2)
  })

  test('refuses a polynomial that can be divided', async () => {
    const backend = await makeBackend()
    const { config } = await open(backend)
    await replaceConfig(backend, encodeConfig({ ...config, chunkerPolynomial: 0x3da3358b4dc172n }))
    await expect(open(backend)).rejects.toThrow('unusable chunker polynomial')
  })
})

describe('several keys', () => {
  async function addKey(backend: MemoryBackend, password: string) {
    const { masterKey } = await open(backend)
    return await storeKey(backend, masterKey, { password, hostname: 'h', username: 'u', kdf: TEST_KDF })
  }

  test('open the same repository, each with its password', async () => {
    const backend = await makeBackend()
    const second = await addKey(backend, 'second')
    const [one, two] = [await open(backend), await open(backend, 'second')]
    expect(two.masterKey).toEqual(one.masterKey)
    expect(two.keyId).toBe(second)
    expect(one.keyId).not.toBe(second)
    await expect(open(backend, 'third')).rejects.toThrow(WrongPasswordError)
  })

  test('are tried beginning with the hinted one', async () => {
    const backend = await makeBackend()
    for (let number = 0; number < 5; number++) await addKey(backend, `key ${number}`)
    const last = await addKey(backend, 'last')
    backend.reads.length = 0
    await openRepository(backend, { password: 'last', keyHint: last.slice(0, 10) })
    expect(backend.reads.filter((read) => read.startsWith('key'))).toEqual([`key ${last}`])
  })

  test('are found without and with a wrong hint', async () => {
    const backend = await makeBackend()
    const second = await addKey(backend, 'second')
    const { keyId } = await openRepository(backend, { password: 'second', keyHint: 'ffffffffffffffff' })
    expect(keyId).toBe(second)
    expect((await openRepository(backend, { password: 'second', keyHint: '' })).keyId).toBe(second)
  })

  test('do not hide each other when one is damaged, wherever it is listed', async () => {
    const backend = await makeBackend()
    const good = (await open(backend)).keyId
    for (const content of ['', 'not JSON', '{}', '{"kdf":"scrypt","N":3,"r":8,"p":1,"salt":"","data":""}']) {
      const name = sha256Id(Buffer.from(`damaged ${content}`))
      await backend.write('key', name, Buffer.from(content))
    }
    expect((await open(backend)).keyId).toBe(good)
    const alone = new MemoryBackend()
    await initRepository(alone, TEST_INIT)
    const { keyId } = await open(alone)
    await alterFile(alone, 'key', keyId, () => Buffer.from('not JSON'))
    await expect(open(alone)).rejects.toBeInstanceOf(DamagedError)
  })

  test('are wrong, not damaged, when the wrapped key has a wrong bit or another salt', async () => {
    const backend = await makeBackend()
    const { keyId } = await open(backend)
    const file = JSON.parse(Buffer.from(await backend.read('key', keyId)).toString()) as { data: string }
    const data = flipBit(30)(Buffer.from(file.data, 'base64')).toString('base64')
    await alterFile(backend, 'key', keyId, () => Buffer.from(JSON.stringify({ ...file, data })))
    await expect(open(backend)).rejects.toThrow(WrongPasswordError)
  })

  test('with parameters that would take all memory are refused before anything is computed', async () => {
    const backend = await makeBackend()
    const { keyId } = await open(backend)
    const file = JSON.parse(Buffer.from(await backend.read('key', keyId)).toString()) as object
    await alterFile(backend, 'key', keyId, () => Buffer.from(JSON.stringify({ ...file, N: 2 ** 30 })))
    await expect(open(backend)).rejects.toThrow('more than 1 GiB')
  })
})

test('a password of any characters opens what it closed', async () => {
  for (const password of ['', 'пароль', '控え 🗝', 'a'.repeat(1000), ' space ', 'NFC é', 'NFD e\u0301']) {
    const repository = await makeRepository({ password })
    expect((await openRepository(repository.backend, { password })).keyId).toBe(repository.keyId)
  }
})
