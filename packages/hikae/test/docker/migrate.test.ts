import { chmodSync, linkSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BASE_IMAGE,
  compareTrees,
  compose,
  type EntryFacts,
  makeHostileTree,
  skipBecause,
  type TreeDifference,
  whyNoCompose,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Engines } from '../../src/migration/migration.ts'
import { MigrateGround, movedVolumes } from './migrate-ground.ts'

const EARLY_TIMES = ['1902', '1969', 'last nanosecond before'].map((name) => `times/${name}: mtimeNs`)

const skip = skipBecause((await whyNoDocker()) ?? (await whyNoCompose()))

describe.skipIf(skip)('what goes from one engine to another', () => {
  let ground: MigrateGround

  beforeAll(async () => {
    ground = await MigrateGround.start()
  })
  afterEach(() => void (ground.logged.length = 0))
  afterAll(() => ground?.[Symbol.asyncDispose]())

  // First: the other side has no image yet, and has none afterwards.
  describe.each([
    // Attributes without content, or with an equals sign in the name, and times before 1970.
    ['direct', ['attributes/file: attributes', 'attributes/folder: attributes', ...EARLY_TIMES]],
    ['archive', []],
  ] as const)('are volumes alone, reached in the way %s', (way, lost) => {
    test('with anything in them, and with what changed while they were copied', async () => {
      const { from, to } = ground
      const images = async (): Promise<string[]> =>
        (await to.docker('image', 'ls', '--all', '--quiet')).split('\n').toSorted()
      const before = await images()
      const name = `media-${way}`
      await from.docker('volume', 'create', '--label', 'purpose=media', name)
      const place = join(from.dataRoot, 'volumes', name, '_data')
      await makeHostileTree(place, { size: 'small' })
      let hasChanged = false
      const report = await ground.migrate(movedVolumes(name), {
        engines: way === 'direct' ? (engines) => engines : throughEngines,
        onProgress({ doing }) {
          if (hasChanged || doing !== `what has changed in the volume ${name}`) return
          hasChanged = true
          changeTree(place)
        },
      })
      expect(report).toMatchObject({ volumes: [name], containers: [], stoppedSeconds: 0 })
      expect(report.findings).toHaveLength(way === 'direct' ? 1 : 0)
      const copy = join(to.dataRoot, 'volumes', name, '_data')
      const ignore = way === 'direct' ? [] : (['mtimeNs', 'attributes'] as const)
      const differences = await compareTrees(place, copy, { without: isSocket, ignore })
      expect(differences.filter(isNoLinkOfOthers).map(({ path, what }) => `${path}: ${what}`)).toEqual(lost)
      expect(await to.docker('volume', 'inspect', '--format', '{{.Labels.purpose}}', name)).toBe('media')
      expect(await images()).toEqual(before)
    })
  })

  test('is a Compose project, which runs there with all that it had, and which Compose takes for its own', async () => {
    const project = await ground.project()
    const { from, to } = ground
    const [db, web] = [project.container('db'), project.container('web')]
    await from.docker(
      'exec',
      db,
      'sh',
      '-c',
      'echo kept >/anonymous/file; ln /data/rows /data/rows-too; touch /data/old',
    )
    await mkdir(join(project.folder, 'logs'))
    await symlink('/nowhere', join(project.folder, 'link'))
    const report = await ground.migrate(project.request(), {
      onProgress({ doing }) {
        if (doing === `what has changed in the volume ${project.name}_data`)
          rmSync(join(project.volume('data'), 'old'), { force: true })
      },
    })
    expect(report).toMatchObject({ containers: [db, web], stopped: [], findings: [] })
    expect(report.stoppedSeconds).toBeGreaterThan(0)

    const moved = await project.rows(to)
    expect(await project.rows(from)).toEqual(expect.arrayContaining(moved.slice(0, 10)))
    await expect.poll(async () => (await project.rows(to)).length).toBeGreaterThan(moved.length)
    expect(await compareTrees(project.folder, project.newFolder)).toEqual([])
    const inside = async (...command: string[]): Promise<string> => await to.docker('exec', web, ...command)
    expect(await inside('wget', '-qO-', 'http://127.0.0.1/index.html')).toBe('it works')
    expect(await inside('cat', '/run/secrets/token')).toBe('secret')
    expect(await inside('sh', '-c', 'echo $GREETING')).toBe('hello')
    expect(await inside('ping', '-c', '1', 'database')).toContain('1 packets received')
    expect(await to.docker('exec', db, 'cat', '/anonymous/file')).toBe('kept')
    expect(await to.docker('exec', db, 'ls', '/data')).toBe('rows\nrows-too')
    expect(await to.docker('exec', db, 'stat', '-c', '%h', '/data/rows')).toBe('2')
    expect(await to.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', web)).toBe('unless-stopped')
    expect(await project.state('db', from)).toBe('running')
    expect(await project.state('web', from)).toBe('running')

    const before = await to.docker('inspect', '--format', '{{.Id}}', db)
    await compose(to, project.newFolder, 'up', '--detach', 'db')
    expect(await to.docker('inspect', '--format', '{{.Id}}', db)).toBe(before)
    expect((await project.rows(to)).slice(0, moved.length)).toEqual(moved)
    await expect(ground.migrate(project.request())).rejects.toThrow(
      `there is a project ${project.name} at ${to.host} already`,
    )
  })

  test('stays stopped on the source when that is wanted, or is removed there', async () => {
    const { from, to } = ground
    const box = ['--detach', '--init', '--stop-timeout', '1', '--restart', 'always']
    for (const name of ['kept', 'gone']) {
      await from.docker('volume', 'create', name)
      await from.docker(
        'run',
        ...box,
        '--name',
        `${name}-user`,
        '--volume',
        `${name}:/data`,
        BASE_IMAGE,
        'sleep',
        '10000',
      )
    }
    const removal = { ...movedVolumes('gone'), source: 'removed' } as const
    const report = await ground.migrate({ what: { kind: 'volumes', names: ['kept'] }, source: 'stopped' })
    expect(report).toMatchObject({ stopped: ['kept-user'], findings: [] })
    expect(await from.docker('inspect', '--format', '{{.State.Status}}', 'kept-user')).toBe('exited')
    expect(await ground.left()).toEqual([])

    await expect(ground.migrate(removal)).rejects.toThrow(
      'the volume gone cannot be removed: gone-user uses it and stays',
    )
    await from.docker('rm', '--force', 'gone-user', 'kept-user')
    await expect(ground.migrate(removal)).resolves.toMatchObject({ findings: [] })
    expect(await from.docker('volume', 'ls', '--quiet', '--filter', 'name=gone')).toBe('')
    expect(await to.docker('volume', 'ls', '--quiet', '--filter', 'name=gone')).toBe('gone')
  })
})

/** The same engines, as if they were on other hosts. */
function throughEngines({ from, to }: Engines): Engines {
  const isOnThisHost = async (): Promise<boolean> => false
  return { from: { ...from, isOnThisHost }, to: { ...to, isOnThisHost } }
}

/** Content, sizes, types, names, links and permissions change, and things go; also two that look as they were. */
function changeTree(place: string): void {
  rmSync(join(place, 'names', '.hidden'))
  rmSync(join(place, 'nesting'), { recursive: true })
  rmSync(join(place, 'contents', 'noise 64'))
  mkdirSync(join(place, 'contents', 'noise 64'))
  writeFileSync(join(place, 'contents', 'noise 64', 'inside'), 'new')
  rmSync(join(place, 'contents', 'text'))
  linkSync(join(place, 'contents', 'ones'), join(place, 'contents', 'text'))
  writeFileSync(join(place, 'contents', 'mixed'), 'shorter')
  chmodSync(join(place, 'contents', 'mixed again'), 0o4711)
  const alike = join(place, 'contents', 'zeros')
  const { atime, mtime, size } = statSync(alike)
  writeFileSync(alike, Buffer.alloc(size, 1))
  utimesSync(alike, atime, mtime)
}

function isSocket(_: string, { type }: EntryFacts): boolean {
  return type === 'socket'
}

/** Further names of links and special files become entries of their own. */
function isNoLinkOfOthers({ path, what }: TreeDifference): boolean {
  return what !== 'sameFile' || !/^(links|specials|links elsewhere)\//.test(path)
}
