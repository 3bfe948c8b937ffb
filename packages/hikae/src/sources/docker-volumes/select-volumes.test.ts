import { describe, test } from 'vitest'
import { dockerVolumesConfig } from './config.ts'
import { selectVolumes } from './select-volumes.ts'
import type { Volume } from './volume.ts'

const ANONYMOUS = 'a'.repeat(64)

function volume(name: string, labels: Record<string, string> = {}): Volume {
  return { name, labels, driver: 'local', options: {}, scope: 'local', mountpoint: `/v/${name}/_data` }
}

const ALL = [
  volume('shop_uploads', { 'com.docker.compose.project': 'shop', tier: 'gold' }),
  volume('shop_cache', { 'com.docker.compose.project': 'shop', 'hikae.exclude': 'true' }),
  volume('shop.db', { tier: '' }),
  volume('shopXdb'),
  volume(ANONYMOUS, { owner: 'ci' }),
  volume('shop_uploads.before-20261121-201714', { 'hikae.kept': 'shop_uploads' }),
]

function selected(given: object): object {
  const { volumes, ...others } = selectVolumes(dockerVolumesConfig.parse(given), ALL)
  return { ...others, names: volumes.map(({ name }) => name) }
}

describe('the volumes that a configuration means', () => {
  test.for([
    [{ names: ['shop_uploads'] }, ['shop_uploads']],
    [{ names: ['shop*'] }, ['shop.db', 'shopXdb', 'shop_uploads']],
    [{ names: ['shop.*'] }, ['shop.db']],
    [{ names: ['shop?db'] }, ['shop.db', 'shopXdb']],
    [{ names: ['shop[A-Z]db'] }, ['shopXdb']],
    [{ names: ['*'] }, ['shop.db', 'shopXdb', 'shop_uploads']],
    [{ names: [ANONYMOUS] }, [ANONYMOUS]],
    [{ labels: ['owner'] }, [ANONYMOUS]],
    [{ labels: ['tier=gold'] }, ['shop_uploads']],
    [{ labels: ['tier='] }, ['shop.db']],
    [{ labels: ['tier'] }, ['shop.db', 'shop_uploads']],
    [{ project: 'shop' }, ['shop_uploads']],
    [{ project: 'shop', names: ['shopXdb'] }, ['shopXdb', 'shop_uploads']],
    [{ names: ['shop*'], exclude: ['*db'] }, ['shop_uploads']],
    [{ names: ['shop_uploads.before-20261121-201714'] }, ['shop_uploads.before-20261121-201714']],
  ] as [object, string[]][])('%j', ([given, names], { expect }) => {
    expect(selected(given)).toMatchObject({ names, missing: [], unmatched: [] })
  })

  test('do not have the label that leaves them out, and what is left out is told', ({ expect }) => {
    expect(selected({ names: ['shop*'], exclude: ['shopX*'] })).toMatchObject({
      leftOut: [
        { name: 'shop_cache', why: 'it has the label hikae.exclude=true' },
        { name: 'shopXdb', why: '`exclude: shopX*` means it' },
      ],
    })
  })

  test('are missing when a name has none, or only one that is left out', ({ expect }) => {
    const given = { names: ['absent', 'shop_cache'] }
    expect(selected(given)).toMatchObject({ names: [], missing: ['absent', 'shop_cache'] })
  })

  test('are none for a pattern, a label or a project that nothing fits, which is told', ({ expect }) => {
    const given = { names: ['absent*'], labels: ['absent'], project: 'absent' }
    expect(selected(given)).toMatchObject({
      names: [],
      missing: [],
      unmatched: ['absent*', 'label absent', 'project absent'],
    })
  })
})

describe('a configuration', () => {
  test.for([
    [{}],
    [{ names: [] }],
    [{ names: ['a/b'] }],
    [{ names: ['[z-a]'] }],
    [{ labels: ['=x'] }],
    [{ names: ['a'], read: 'sometimes' }],
    [{ names: ['a'], quiesce: 'kill' }],
    [{ names: ['a'], exlude: ['b'] }],
  ])('%j is none', ([given], { expect }) => {
    expect(dockerVolumesConfig.safeParse(given).success).toBe(false)
  })
})
