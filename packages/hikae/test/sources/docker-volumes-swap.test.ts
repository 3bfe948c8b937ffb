import { skipBecause, watchSystemCalls, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { openEngine } from '../../src/docker/engine.ts'
import { prepareSwap } from '../../src/sources/docker-volumes/restore/swap-volume.ts'
import { findVolume } from '../../src/sources/docker-volumes/volume.ts'
import { test } from './docker-volumes-ground.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('volumes whose contents are exchanged', () => {
  test('have what they had when any call of the system fails, there and back', async ({ docker, context, expect }) => {
    const address = { kind: 'socket', path: docker.docker.socket } as const
    await using engine = await openEngine(address, context.env, context.signal)
    const seen = new Set<string>()
    for (let at = 1; at < 30; at++) {
      const [live, fresh] = [docker.name('live'), docker.name('fresh')]
      await docker.fill(live, { state: 'old' })
      await docker.fill(fresh, { state: 'new' })
      let changes = 0
      const volumes = [(await findVolume(engine, live))!, (await findVolume(engine, fresh))!] as const
      const outcome = await (async () => {
        using _ = watchSystemCalls(`${docker.docker.dataRoot}/volumes`, ({ name }) => {
          if (name !== 'rename' && name !== 'sync') return undefined
          changes++
          return changes === at ? { kind: 'error', code: 'EIO' } : undefined
        })
        const time = new Date(1_700_000_000_000 + at * 1000)
        const prepared = await prepareSwap(engine, ...volumes, time, context)
        const swapped = await prepared.replace().catch(() => undefined)
        if (!swapped) {
          await prepared.drop()
          return 'not exchanged'
        }
        return await swapped.undo().then(
          () => 'undone',
          () => 'not undone',
        )
      })()
      seen.add(outcome)
      const [kept, ...others] = await docker.volumes(`${live}.`)
      expect(others).toEqual([])
      const states = async (name: string | undefined): Promise<unknown> =>
        name === undefined ? 'gone' : (await docker.contents(name).catch((): Record<string, string> => ({})))['state']
      const found = [await states(live), await states(fresh), await states(kept)]
      // The old content is somewhere, and the volume always has one of the two.
      expect(found).toContain('old')
      expect(['old', 'new']).toContain(found[0])
      if (outcome !== 'not undone') expect(found).toEqual(['old', 'new', 'gone'])
      if (changes < at) break
    }
    expect([...seen].toSorted()).toEqual(['not exchanged', 'not undone', 'undone'])
  })
})
