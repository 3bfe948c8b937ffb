import { writeFile } from 'node:fs/promises'
import { makeTempDir, type TempDir } from '@hikae/testkit'
import { test } from 'vitest'
import type { ReadContext } from '../../source-kind.ts'
import { digestOf } from './digest.ts'
import { type KnownImages, readKnownImages, writeKnownImages } from './known-images.ts'

const config = Buffer.from('{"rootfs":{}}')
const LAYER = `sha256:${'1b'.repeat(32)}`
const NOTHING: KnownImages = { sizes: new Map(), images: new Map() }

function known(id = digestOf(config)): KnownImages {
  return {
    sizes: new Map([[LAYER, { archiveBytes: 3, contentBytes: 2, headerBytes: 13 }]]),
    images: new Map([[id, { config, order: [LAYER], paths: new Map([['5f/layer.tar', LAYER]]) }]]),
  }
}

function contextIn(dir: TempDir): { context: ReadContext; logged: string[] } {
  const logged: string[] = []
  const context = { stateFolder: async () => dir.path, log: (line: string) => void logged.push(line) }
  return { context: context as unknown as ReadContext, logged }
}

test('what is known of images stays from run to run', async ({ expect }) => {
  await using dir = await makeTempDir()
  const { context, logged } = contextIn(dir)
  expect(await readKnownImages(context)).toEqual(NOTHING)
  await writeKnownImages(known(), context)
  expect(await readKnownImages(context)).toEqual(known())
  expect(logged).toEqual([])
})

test('an image whose configuration is another than its id says is not known', async ({ expect }) => {
  await using dir = await makeTempDir()
  const { context } = contextIn(dir)
  await writeKnownImages(known(`sha256:${'2c'.repeat(32)}`), context)
  expect((await readKnownImages(context)).images.size).toBe(0)
})

test.for(['', '{}', '{"version":2}', '{"version":1,"sizes":[["x"]],"images":[]}'])(
  'nothing is known from %j, and the log says so',
  async (text, { expect }) => {
    await using dir = await makeTempDir()
    const { context, logged } = contextIn(dir)
    await writeFile(dir.join('images.json'), text)
    expect(await readKnownImages(context)).toEqual(NOTHING)
    expect(logged).toEqual([expect.stringContaining('is found out again')])
  },
)
