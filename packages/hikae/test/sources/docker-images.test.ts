import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll } from 'vitest'
import { dockerImagesConfig } from '../../src/sources/docker-images/config.ts'
import { dockerImagesSource } from '../../src/sources/docker-images/docker-images-source.ts'
import { describeSource } from '../support/describe-source.ts'
import { buildImage, findId, holdExports, leftFiles } from './docker-images-ground.ts'

const skip = skipBecause(await whyNoDocker())
let engine: TestDocker
let subjects = 0

beforeAll(async () => {
  if (skip) return
  engine = await startDocker()
  await buildImage(engine, 'app:1', [{ 'srv/large': bytes(1_000_000, 7) }, { 'srv/app.txt': 'app' }])
  await buildImage(engine, 'broken:1', [{ damaged: 'what was written' }])
  await damage(engine, 'damaged')
})
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]()
})

describeSource(
  'docker-images',
  async (dir) => {
    const project = `subject${++subjects}`
    const names = [`${project}/app:1`, `${project}/app:stable`, `${project}/tool:2.0`]
    await engine.docker('tag', 'app:1', names[0]!)
    await engine.docker('tag', 'app:1', names[1]!)
    await buildImage(engine, names[2]!, [{ 'srv/tool.txt': `tool ${project}` }])

    const gate = await holdExports(dir, engine)
    const config = (given: object) => dockerImagesConfig.parse({ engine: { host: engine.host }, ...given })
    return {
      kind: dockerImagesSource,
      config: config({ references: [`${project}/*`] }),
      folder: dir.path,
      elsewhere: `restored/${project}`,
      content: async (to) =>
        await Promise.all(
          names.map(async (name) => [name, await findId(engine, to === undefined ? name : `${to}/${name}`)]),
        ),
      async change() {
        await engine.docker('tag', BASE_IMAGE, names[0]!)
        await engine.docker('rmi', names[2]!)
      },
      empty: config({ inUse: true }),
      failing: config({ references: ['broken:1'] }),
      lasting: { config: config({ engine: { host: gate.host }, references: [names[0]] }), begun: () => gate.begun() },
      traces: async () => [
        await engine.docker('ps', '--all', '--quiet'),
        (await engine.docker('image', 'ls', '--all', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}'))
          .split('\n')
          .toSorted(),
        await leftFiles(engine),
      ],
      [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
    }
  },
  { skip },
)

function bytes(length: number, seed: number): Buffer {
  const content = Buffer.alloc(length)
  for (let at = 0, value = seed; at < length; at++) {
    value = (value * 1_103_515_245 + 12_345) % 2 ** 31
    content[at] = value >>> 16
  }
  return content
}

/** As a disk does it: other bytes in a file of a layer, under the engine's feet. */
async function damage({ dataRoot }: TestDocker, marker: string): Promise<void> {
  for (const layer of await readdir(join(dataRoot, 'overlay2'))) {
    const folder = join(dataRoot, 'overlay2', layer, 'diff')
    const names = await readdir(folder).catch((): string[] => [])
    if (names.includes(marker)) await writeFile(join(folder, marker), 'what is here now')
  }
}
