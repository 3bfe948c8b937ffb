import { describe, expect, test, vi } from 'vitest'
import { sha256Id } from '../crypto/hash.ts'
import { InvalidInputError } from '../errors.ts'
import { makeRepository, TEST_KDF } from '../repository/fixture.test.support.ts'
import { WrongPasswordError } from '../repository/keys.ts'
import { openRepository } from '../repository/open.ts'
import type { Repository } from '../repository/repository.ts'
import { addKey, changePassword, listKeys, removeKey } from './keys.ts'

const keyOf = (password: string) => ({ password, hostname: `${password} host`, username: 'user', kdf: TEST_KDF })
const reopen = ({ backend }: Repository, password: string) => openRepository(backend, { password })

describe('keys', () => {
  test('are listed with whose they are, the one in use marked', async () => {
    const repository = await makeRepository()
    const id = await addKey(repository, keyOf('second'))
    const keys = await listKeys(repository)
    expect(keys.map(({ id, current, hostname }) => ({ id, current, hostname }))).toEqual(
      expect.arrayContaining([
        { id: repository.keyId, current: true, hostname: 'host' },
        { id, current: false, hostname: 'second host' },
      ]),
    )
    expect(keys).toHaveLength(2)
    expect((await listKeys(await reopen(repository, 'second'))).find(({ current }) => current)?.id).toBe(id)
  })

  test('that cannot be read are told or thrown', async () => {
    const repository = await makeRepository()
    const damaged = sha256Id(Buffer.from('damaged'))
    await repository.backend.write('key', damaged, Buffer.from('{'))
    await expect(listKeys(repository)).rejects.toThrow('the key file is not JSON')
    const unreadable: string[] = []
    const keys = await listKeys(repository, { onUnreadable: (id) => unreadable.push(id) })
    expect(keys).toHaveLength(1)
    expect(unreadable).toEqual([damaged])
  })

  test('that are removed open nothing any more', async () => {
    const repository = await makeRepository()
    const id = await addKey(repository, keyOf('second'))
    expect(await removeKey(repository, id.slice(0, 12).toUpperCase())).toBe(id)
    await expect(reopen(repository, 'second')).rejects.toThrow(WrongPasswordError)
    expect((await reopen(repository, 'secret')).keyId).toBe(repository.keyId)
  })

  test('are not removed when in use, unknown, or not named clearly', async () => {
    const repository = await makeRepository()
    for (let number = 0; number < 17; number++) await addKey(repository, keyOf(`key ${number}`))
    await expect(removeKey(repository, repository.keyId)).rejects.toThrow('is the one in use')
    await expect(removeKey(repository, '')).rejects.toThrow(InvalidInputError)
    await expect(removeKey(repository, 'zz')).rejects.toThrow('there is no key "zz"')
    vi.spyOn(repository.backend, 'remove').mockResolvedValue(undefined)
    const digits = '0123456789abcdef'.split('')
    const outcomes = await Promise.all(digits.map((digit) => removeKey(repository, digit).then(String, String)))
    // Eighteen ids have only sixteen first digits.
    expect(outcomes.some((outcome) => outcome.includes('is not unique'))).toBe(true)
  })

  test('are not kept when they turn out not to open the repository', async () => {
    const repository = await makeRepository()
    const write = repository.backend.write.bind(repository.backend)
    vi.spyOn(repository.backend, 'write').mockImplementation(async (kind, name, content, options) => {
      const text = Buffer.from(content)
        .toString()
        .replace(/"salt":"..../, '"salt":"AAAA')
      await write(kind, name, Buffer.from(text), options)
    })
    await expect(addKey(repository, keyOf('second'))).rejects.toThrow('opens no key')
    expect(await listKeys(repository)).toHaveLength(1)
  })
})

describe('a changed password', () => {
  test('opens the repository, and the old one does not', async () => {
    const repository = await makeRepository()
    const id = await changePassword(repository, keyOf('new'))
    await expect(reopen(repository, 'secret')).rejects.toThrow(WrongPasswordError)
    expect((await reopen(repository, 'new')).keyId).toBe(id)
    expect(await listKeys(repository)).toHaveLength(1)
  })

  test('leaves the old one when the new key cannot be stored or read back', async () => {
    for (const operation of ['write', 'read'] as const) {
      const repository = await makeRepository()
      vi.spyOn(repository.backend, operation).mockRejectedValue(new Error('no network'))
      await expect(changePassword(repository, keyOf('new'))).rejects.toThrow('no network')
      vi.restoreAllMocks()
      expect((await reopen(repository, 'secret')).keyId).toBe(repository.keyId)
      expect(await listKeys(repository)).toHaveLength(1)
    }
  })
})
