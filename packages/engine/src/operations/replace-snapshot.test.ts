import { expect, test } from 'vitest'
import { makeFilledRepository } from '../repository/fixture.test.support.ts'
import { removeSnapshot, storeReplacement } from './replace-snapshot.ts'

test('a replacement keeps what is not changed and names the first of the line', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ file: 'content' }])
  const [old] = snapshots
  const second = await storeReplacement(repository, old!, { tags: ['new'], username: undefined })
  const third = await storeReplacement(repository, second, { hostname: 'elsewhere' })
  const { username: _username, ...kept } = old!
  expect(await repository.readSnapshot(second.id)).toEqual({
    ...kept,
    id: second.id,
    tags: ['new'],
    original: old!.id,
  })
  expect(await repository.readSnapshot(third.id)).toMatchObject({ hostname: 'elsewhere', original: old!.id })
  expect(await repository.snapshots()).toHaveLength(3)

  await removeSnapshot(repository, second.id)
  await removeSnapshot(repository, second.id)
  expect((await repository.snapshots()).map(({ id }) => id).sort()).toEqual([old!.id, third.id].sort())
})

test('nothing is removed once the lock is lost', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ file: 'content' }])
  const lost = AbortSignal.abort(new Error('lock lost'))
  await expect(removeSnapshot(repository, snapshots[0]!.id, lost)).rejects.toThrow('lock lost')
  expect(await repository.snapshots()).toHaveLength(1)
})
