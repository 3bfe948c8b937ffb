import { existsSync, writeFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MigrationProgress } from '../../src/migration/migration.ts'
import { removeUnfinished } from '../../src/migration/unfinished/settle-migrations.ts'
import { MigrateGround, movedVolumes } from './migrate-ground.ts'

const skip = skipBecause(await whyNoDocker())

describe.skipIf(skip)('a migration', () => {
  let ground: MigrateGround

  beforeAll(async () => {
    ground = await MigrateGround.start()
    await ground.bringBaseImage()
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())

  test('is refused when something is in the way there, or it would not be whole', async () => {
    const { from, to } = ground
    const elsewhere = ground.dir.join('elsewhere')
    await mkdir(elsewhere)
    const project = await ground.smallProject('--volume', `${elsewhere}:/elsewhere`, BASE_IMAGE, 'sleep', '10000')
    const { name, newFolder } = project
    const messages = async (): Promise<string[]> =>
      (await ground.plan(project.request())).obstacles.map(({ message }) => message)
    const { limits, obstacles } = await ground.plan(project.request())
    expect({ limits, obstacles }).toEqual({
      limits: [`${elsewhere} is outside of the project's folder: what is there on the other host is used`],
      obstacles: [],
    })

    await to.docker('volume', 'create', `${name}_data`)
    await to.docker('network', 'create', `${name}_inner`)
    await to.docker('create', '--name', project.container('app'), BASE_IMAGE)
    await mkdir(newFolder, { recursive: true })
    await writeFile(join(newFolder, 'mine'), '')
    await rm(elsewhere, { recursive: true })
    const before = await ground.traces()
    expect(await messages()).toEqual([
      `there is a container ${name}-app-1 at ${to.host} already, which is not of this project`,
      `there is a volume ${name}_data at ${to.host} already`,
      `there is a network ${name}_inner at ${to.host} already`,
      `there is a folder ${newFolder} at ${to.host} already, with something in it`,
      `${elsewhere}, which the project mounts from outside of its folder, is not there at ${to.host}`,
    ])
    await expect(ground.migrate(project.request())).rejects.toThrow('there is a container')
    expect(await ground.traces()).toEqual(before)
    expect(await project.state('app', from)).toBe('running')
  })

  test('is undone when what it moved is not well there: the source goes on, and nothing is left', async () => {
    // Only where it was first started is it well.
    const script = 'test -e /data/host || hostname >/data/host; echo no luck; exec sleep 10000'
    const health = [
      '--health-cmd',
      'grep -q "$(hostname)" /data/host',
      '--health-interval',
      '1s',
      '--health-retries',
      '1',
    ]
    const project = await ground.smallProject(...health, BASE_IMAGE, 'sh', '-c', script)
    await expect.poll(async () => existsSync(join(project.volume('data'), 'host'))).toBe(true)
    const before = await ground.traces()
    await expect(ground.migrate(project.request('stopped'))).rejects.toMatchObject({
      message: expect.stringMatching(
        /-app-1 is unhealthy, at .*; the source is as it was, and what was made .* is removed/,
      ),
      hint: 'the last that it printed: no luck',
    })
    expect(await ground.traces()).toEqual(before)
    expect(existsSync(project.newFolder)).toBe(false)
    expect(await project.state('app', ground.from)).toBe('running')
    expect(await ground.left()).toEqual([])
  })

  test('is undone when the copy differs', async () => {
    const { from, to } = ground
    const name = 'spoiled'
    await from.docker('volume', 'create', name)
    const [place, copy] = [from, to].map((docker) => join(docker.dataRoot, 'volumes', name, '_data')) as [
      string,
      string,
    ]
    await writeFile(join(place, 'file'), 'good')
    const before = await ground.traces()
    const spoil = ({ doing }: MigrationProgress): void => {
      if (doing !== `what has changed in the volume ${name}`) return
      writeFileSync(join(place, 'another'), 'good')
      writeFileSync(join(copy, 'file'), 'evil')
    }
    await expect(ground.migrate(movedVolumes(name), { onProgress: spoil })).rejects.toThrow(
      /the copy of the volume spoiled at .* differs: file (?:is file 644|has another content).*is removed again/,
    )
    expect(await ground.traces()).toEqual(before)
  })

  test('leaves the source as it was when the other side dies, and what it has left is removed the next time', async () => {
    const { from, to } = ground
    await from.docker(
      'run',
      '--detach',
      '--init',
      '--stop-timeout',
      '1',
      '--name',
      'writer',
      '--volume',
      'cut-off:/data',
      BASE_IMAGE,
      'sleep',
      '10000',
    )
    const before = await ground.traces()
    let dying: Promise<void> | undefined
    await expect(
      ground.migrate(movedVolumes('cut-off'), {
        onProgress({ doing }) {
          if (doing.startsWith('what has changed')) dying ??= to.kill()
        },
      }),
    ).rejects.toThrow(/what was made at .* could not be removed/)
    await dying
    expect(await from.docker('inspect', '--format', '{{.State.Status}}', 'writer')).toBe('running')
    await to.start()
    expect(await ground.left()).toEqual(['the volume cut-off'])
    expect(await removeUnfinished(ground.context())).toEqual([
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('which is removed now') }),
    ])
    expect(await ground.traces()).toEqual(before)
    expect(await ground.left()).toEqual([])
  })
})
