import { describe, expect, test } from 'vitest'
import { BackendError, type FileKind, FileMissingError, type WriteOptions } from '../backend/backend.ts'
import { MemoryBackend } from '../backend/memory.ts'
import { openRepository } from '../repository/open.ts'
import { makeFilledRepository } from '../repository/fixture.test.support.ts'
import type { Repository } from '../repository/repository.ts'
import { applicableMigrations, ConfigLostError, MigrationRefusedError, upgradeToVersion2 } from './migrate.ts'

const TREES = [{ file: 'content '.repeat(100), sub: { more: 'more' } }]

/** Where replacing the config goes wrong: before anything happened, half-way, or after everything. */
class UnluckyBackend extends MemoryBackend {
  trouble: 'none' | 'before' | 'deleted' | 'after' | 'gone' | 'torn' = 'none'

  override async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { trouble } = this
    if (kind !== 'config' || !options.replace || trouble === 'none') return super.write(kind, name, content, options)
    if (trouble !== 'gone') this.trouble = 'none'
    if (trouble === 'deleted' || (trouble === 'gone' && (await this.hasConfig()))) await this.remove('config', '')
    if (trouble === 'after') await super.write(kind, name, content, options)
    if (trouble === 'torn') return super.write(kind, name, content.subarray(0, 40), options)
    throw new BackendError('the connection was lost')
  }

  async hasConfig(): Promise<boolean> {
    return await this.size('config', '').then(
      () => true,
      (error: unknown) => {
        if (error instanceof FileMissingError) return false
        throw error
      },
    )
  }
}

async function version1(trouble: UnluckyBackend['trouble'] = 'none') {
  const backend = new UnluckyBackend()
  const { repository, snapshots } = await makeFilledRepository(TREES, { version: 1, backend })
  backend.trouble = trouble
  const kept: Uint8Array[] = []
  const keepConfig = async (content: Uint8Array) => {
    kept.push(content)
    return '/tmp/kept'
  }
  return { repository, backend, snapshots, kept, keepConfig }
}

async function versionOf({ backend }: Repository): Promise<number> {
  return (await openRepository(backend, { password: 'secret' })).config.version
}

describe('the upgrade to version 2', () => {
  test('changes the config, and only that', async () => {
    const { repository, snapshots, kept, keepConfig } = await version1()
    expect(applicableMigrations(repository)).toEqual(['upgrade_repo_v2'])
    const before = await repository.backend.read('config', '')
    expect(await upgradeToVersion2(repository, { keepConfig })).toBe(true)
    expect(kept).toEqual([before])
    const upgraded = await openRepository(repository.backend, { password: 'secret' })
    expect(upgraded.config).toEqual({ ...repository.config, version: 2 })
    await upgraded.loadIndex()
    expect(await upgraded.snapshots()).toEqual(snapshots)
    const { nodes } = await upgraded.readTree(snapshots[0]!.tree)
    expect((await upgraded.readBlob('data', nodes[0]!.content![0]!)).toString()).toBe(TREES[0]!.file)
    expect(applicableMigrations(upgraded)).toEqual([])
    expect(await upgradeToVersion2(upgraded, { keepConfig })).toBe(false)
  })

  test('is refused when the check finds anything wrong', async () => {
    const { repository, kept, keepConfig } = await version1()
    await repository.backend.remove('pack', repository.index.packIds[0]!)
    const attempt = upgradeToVersion2(repository, { keepConfig })
    await expect(attempt).rejects.toThrow(MigrationRefusedError)
    await expect(attempt).rejects.toThrow(/3 errors, of which the first is: pack [0-9a-f]{8} .* is missing/)
    expect(kept).toEqual([])
    expect(await versionOf(repository)).toBe(1)
  })

  test.each(['before', 'deleted', 'torn'] as const)('leaves the old config when writing fails: %s', async (trouble) => {
    const { repository, keepConfig } = await version1(trouble)
    const attempt = upgradeToVersion2(repository, { keepConfig })
    await expect(attempt).rejects.toThrow(trouble === 'torn' ? 'the old one was put back' : 'connection was lost')
    expect(await versionOf(repository)).toBe(1)
  })

  test('has succeeded when only the answer was lost', async () => {
    const { repository, keepConfig } = await version1('after')
    expect(await upgradeToVersion2(repository, { keepConfig })).toBe(true)
    expect(await versionOf(repository)).toBe(2)
  })

  test('says where the old config is kept when it cannot be put back', async () => {
    const { repository, backend, kept, keepConfig } = await version1('gone')
    const attempt = upgradeToVersion2(repository, { keepConfig })
    await expect(attempt).rejects.toThrow(ConfigLostError)
    await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('/tmp/kept') as string })
    backend.trouble = 'none'
    await backend.write('config', '', kept[0]!)
    expect(await versionOf(repository)).toBe(1)
  })

  test('does not begin once it is to stop', async () => {
    const { repository, keepConfig } = await version1()
    const stop = new AbortController()
    const keepAndStop = async (content: Uint8Array) => {
      stop.abort(new Error('lock lost'))
      return await keepConfig(content)
    }
    const attempt = upgradeToVersion2(repository, { keepConfig: keepAndStop, signal: stop.signal })
    await expect(attempt).rejects.toThrow('lock lost')
    expect(await versionOf(repository)).toBe(1)
  })
})
