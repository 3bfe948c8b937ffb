import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import {
  makeTempDir,
  mountSquashed,
  skipBecause,
  type SquashedMount,
  type TempDir,
  whyNoDocker,
  whyNoSquashedMount,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe } from 'vitest'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import { DockerGround, test } from './docker-volumes-ground.ts'

/** As a volume of NFS has them: a folder that is mounted while a container uses it. */
function mounting(folder: string): string[] {
  return ['--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${folder}`]
}

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoSquashedMount())))(
  'a volume on a server that takes the engine for nobody',
  () => {
    let folder: TempDir
    let server: SquashedMount
    let ground: DockerGround

    beforeAll(async () => {
      folder = await makeTempDir()
      await chmod(folder.path, 0o755)
      server = await mountSquashed(folder.path)
      // It sees what is mounted before it begins.
      ground = await DockerGround.start()
    })
    afterAll(async () => {
      await ground?.[Symbol.asyncDispose]()
      await server?.[Symbol.asyncDispose]()
      await folder?.[Symbol.asyncDispose]()
    })

    test('is not taken for whole when folders came back empty', async ({ ground: repository, context, expect }) => {
      await mkdir(folder.join('tree/open'), { recursive: true })
      await writeFile(folder.join('tree/open/file'), 'seen')
      await mkdir(folder.join('tree/closed'))
      await writeFile(folder.join('tree/closed/file'), 'not seen')
      await mkdir(folder.join('tree/empty'), { mode: 0o700 })
      const name = ground.name('server')
      await ground.makeVolume(name, ...mounting(`${server.path}/tree`))
      const config = ground.config({ names: [name] })
      const whole = await repository.backUp(dockerVolumesSource, config, context)
      expect(whole.findings).toEqual([])
      // Who lists it sees the names, and what is behind them only as its owner.
      await chmod(folder.join('tree/closed'), 0o744)
      await chown(folder.join('tree/closed'), 1000, 1000)
      const { findings } = await repository.backUp(dockerVolumesSource, config, context)
      expect(findings).toEqual([
        {
          severity: 'error',
          message: expect.stringMatching(`^the Docker Engine may not list what is in /closed of the volume ${name}, `),
          hint: expect.stringContaining('no_root_squash'),
        },
      ])
    })

    test('is named when it came back with nothing in it', async ({ ground: repository, context, expect }) => {
      await mkdir(folder.join('nothing'))
      const [name, full, other] = [ground.name('empty'), ground.name('full'), ground.name('local')]
      await ground.makeVolume(name, ...mounting(`${server.path}/nothing`))
      await ground.fill(full, { file: 'there' })
      await ground.makeVolume(other)
      const config = ground.config({ names: [name, full, other], read: 'archive' })
      const { findings } = await repository.backUp(dockerVolumesSource, config, context)
      expect(findings).toEqual([
        {
          severity: 'error',
          message: `the volume ${name} (none) came back with nothing in it: its content lies elsewhere, and may not have been seen`,
          hint: expect.stringContaining(`exclude: [${name}]`),
        },
      ])
    })
  },
)
