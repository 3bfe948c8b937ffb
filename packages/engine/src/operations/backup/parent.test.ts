import { expect, test } from 'vitest'
import { parseTime } from '../../json/go-time.ts'
import { makeFilledRepository } from '../../repository/fixture.test.support.ts'
import { findParent } from './parent.ts'

const NOW = parseTime('2026-11-21T00:00:00Z')

test('snapshots that are known already are not read once more to find the parent', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ file: 'one' }, { file: 'two' }])
  const { hostname = '', paths } = snapshots[0]!
  const options = { hostname, paths, username: '', uid: 0, gid: 0, tags: [], excludes: [], programVersion: 'test' }
  for (const { id } of snapshots) await repository.backend.remove('snapshot', id)
  expect(await findParent({ repository, snapshots }, options, NOW)).toEqual(snapshots[1])
  expect(await findParent({ repository }, options, NOW)).toBeUndefined()
})
