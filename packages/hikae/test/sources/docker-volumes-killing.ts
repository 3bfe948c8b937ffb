import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { initRepository, openLocalBackend, openRepository } from '@hikae/engine'
import { runProcess, type TempDir, TEST_POLYNOMIAL } from '@hikae/testkit'
import type { ExpectStatic } from 'vitest'
import { readSource } from '../../src/points/read-source.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import type { DockerGround } from './docker-volumes-ground.ts'
import type { RestoreOrder } from './docker-volumes-restore-program.ts'

const PROGRAM = join(import.meta.dirname, 'docker-volumes-restore-program.ts')
const PASSWORD = 'correct horse'
/** A restore makes fewer changes. */
const MOST_CHANGES = 90
/** Not each of them is tried: `docker-volumes-together.test.ts` has others of those that replace something. */
const STEPS = { direct: 2, archive: 3 } as const

const SAVED = { state: 'saved', 'deep/file': 'saved', gone: 'saved' }
const CHANGED = { state: 'changed', 'deep/file': 'changed', added: 'changed' }

/** What a test has. */
export interface KillingGround {
  readonly docker: DockerGround
  readonly dir: TempDir
  readonly context: ReadContext
  readonly expect: ExpectStatic
}

/** Restores a volume in place once for each of many changes that this makes, and kills it there. */
export async function killEverywhere(
  read: 'direct' | 'archive',
  { docker, dir, context, expect }: KillingGround,
): Promise<void> {
  const [volume, user] = [docker.name(`killed-${read}-`), `${read}-user`]
  const order = await prepare(docker, dir, volume, read, context)
  const config = docker.config({ names: [volume], read })
  const seen = new Set<string>()
  let isNew = true
  for (let at = 1; at < MOST_CHANGES; at += STEPS[read]) {
    if (isNew) {
      await docker.remake(volume, CHANGED)
      // Where nothing can be renamed, no container may have the volume.
      if (read === 'direct') await docker.runAs(user, 'sleep 1000', '--volume', `${volume}:/data`)
    }
    const args = ['-C', '@hikae/source', PROGRAM, JSON.stringify({ ...order, at })]
    const { exitCode, signal, stderr } = await runProcess(process.execPath, args)
    if (exitCode !== 0) expect(signal, stderr).toBe('SIGKILL')
    const findings = await dockerVolumesSource.settle!(config, context)
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
    const content = await docker.contents(volume)
    isNew = content['state'] === 'saved'
    expect(content).toEqual(isNew ? SAVED : CHANGED)
    const [kept, ...others] = (await docker.volumes(volume)).filter((name) => name !== volume)
    expect([others, kept === undefined]).toEqual([[], !isNew])
    if (kept !== undefined) expect(await docker.contents(kept)).toEqual(CHANGED)
    if (read === 'direct') expect(await docker.state(user)).toBe('running')
    expect(await dockerVolumesSource.settle!(config, context)).toEqual([])
    seen.add(`${exitCode === 0 ? 'ended' : 'killed'}, ${isNew ? 'new' : 'old'}`)
    if (exitCode === 0) break
  }
  expect([...seen].toSorted()).toEqual(['ended, new', 'killed, new', 'killed, old'])
}

async function prepare(
  docker: DockerGround,
  dir: TempDir,
  volume: string,
  read: 'direct' | 'archive',
  context: ReadContext,
): Promise<Omit<RestoreOrder, 'at'>> {
  const repository = dir.join('repository')
  const backend = await openLocalBackend(repository)
  await initRepository(backend, {
    ...{ password: PASSWORD, hostname: 'host', username: 'user', chunkerPolynomial: TEST_POLYNOMIAL },
    kdf: { N: 2, r: 8, p: 1 },
  })
  await docker.remake(volume, SAVED)
  const opened = await openRepository(backend, { password: PASSWORD })
  await opened.loadIndex()
  await using source = await dockerVolumesSource.open(docker.config({ names: [volume] }), context)
  const origin = { kind: 'docker-volumes', source: 'tried', stack: 'test', job: 'test', run: 'r1', program: '0' }
  await readSource(source, origin, [{ repository: opened }], { signal: context.signal })
  await mkdir(dir.join('state'), { recursive: true, mode: 0o700 })
  const { host, dataRoot } = docker.docker
  return { host, dataRoot, volume, read, repository, password: PASSWORD, folder: dir.path }
}
