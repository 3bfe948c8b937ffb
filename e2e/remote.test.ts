import { readdir, writeFile } from 'node:fs/promises'
import {
  compareTrees,
  countVersions,
  makeTempDir,
  missingPrograms,
  NO_RCLONE_CONFIG,
  randomBytesOf,
  Restic,
  skipBecause,
  startRadosgw,
  startSftpServer,
  whyNoRadosgw,
  whyNoSftpServer,
  type ProcessResult,
  type TempDir,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { makeFiles, noRestic, restics } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())
const noSftp = skipBecause(await whyNoSftpServer())
const noRclone = skipBecause(await missingPrograms('rclone'))
const BUCKET = 'bucket'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `dir` holds a tree, and gets a cache that no other test uses. */
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await makeFiles(dir.join('tree'), {
      'folder/random': randomBytesOf('random', 3_000_000),
      'folder/text': 'some text\n'.repeat(10_000),
      small: 'small',
    })
    return dir
  })
  .extend('s3', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startRadosgw()
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    return server
  })
  .extend('sftp', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startSftpServer()
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
// oxlint-enable no-empty-pattern

/** What a newcomer would do with a repository, ending in stock restic's opinion of it. */
async function liveThrough(hikae: Hikae, restic: Restic | undefined, dir: TempDir): Promise<void> {
  await hikae.init()
  await hikae.backup(['tree'])
  await writeFile(dir.join('tree/more'), randomBytesOf('more', 400_000))
  await hikae.backup(['tree'])
  await hikae.check()
  await hikae.restore('latest', 'restored')
  if (restic) {
    await restic.check()
    await restic.backup(['tree'], [], { cwd: dir.path })
  }
  await hikae.ok(['forget', '--keep-last', '1', '--group-by', '', '--prune'])
  await hikae.check()
}

function wordsOf({ stdout, stderr }: ProcessResult): string {
  return stdout + stderr
}

describe.skipIf(noRadosgw)('a repository in S3, from the command line', () => {
  test('works with the credentials of the environment', async ({ dir, s3, expect }) => {
    const { accessKeyId, secretAccessKey } = s3.credentials
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const repository = `s3:${s3.endpoint}/${BUCKET}/environment`
    const cache = { HIKAE_CACHE_DIR: dir.join('cache') }
    const hikae = new Hikae({ repository, cwd: dir.path, env: { ...env, ...cache } })
    const restic = noRestic ? undefined : new Restic({ binary: restics[0]!, repository, password: PASSWORD, env })
    await liveThrough(hikae, restic, dir)
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])
    expect(await readdir(dir.join('cache'))).toContain('CACHEDIR.TAG')
    await hikae.ok(['snapshots', '--no-cache', '--cache-dir', dir.join('unused')])
    expect(await readdir(dir.path)).not.toContain('unused')
  })

  test('works with the credentials that hikae.yaml refers to, and prints no secret', async ({ dir, s3, expect }) => {
    const { accessKeyId, secretAccessKey } = s3.credentials
    await writeFile(dir.join('secret'), `${secretAccessKey}\n`)
    await writeFile(dir.join('password'), PASSWORD)
    await writeFile(
      dir.join('hikae.yaml'),
      `version: 1
repositories:
  offsite:
    s3:
      endpoint: ${s3.endpoint}
      bucket: ${BUCKET}
      prefix: stack
      storageClass: STANDARD
      accessKeyId: { env: KEY_ID }
      secretAccessKey: { file: secret }
    password: { file: password }
`,
    )
    const cache = { HIKAE_CACHE_DIR: dir.join('cache') }
    const hikae = new Hikae({ cwd: dir.path, env: { KEY_ID: accessKeyId, ...cache } })
    await hikae.ok(['init'])
    const verbose = await hikae.ok(['backup', '-vv', 'tree'])
    expect(await hikae.document<unknown[]>(['snapshots', '--repo', 'offsite'])).toHaveLength(1)
    await writeFile(dir.join('secret'), 'another secret')
    const refused = await hikae.run(['snapshots'])
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/secret|signature/i) as string })
    for (const result of [verbose, refused]) {
      expect(wordsOf(result)).not.toContain(secretAccessKey)
      expect(wordsOf(result)).not.toContain(PASSWORD)
    }
    const unset = await new Hikae({ cwd: dir.path, env: cache }).run(['snapshots'])
    expect(unset).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('KEY_ID, which is not set') as string })
  })

  test('under object lock keeps what clients remove, and prune extends the lock', async ({ dir, s3, expect }) => {
    const { accessKeyId, secretAccessKey } = s3.credentials
    await writeFile(dir.join('password'), PASSWORD)
    await writeFile(
      dir.join('hikae.yaml'),
      `version: 1
repositories:
  locked:
    s3: { endpoint: "${s3.endpoint}", bucket: locked, objectLock: { mode: governance, days: 2 } }
    password: { file: password }
`,
    )
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const hikae = new Hikae({ cwd: dir.path, env: { ...env, HIKAE_CACHE_DIR: dir.join('cache') } })
    await hikae.ok(['init'])
    await hikae.ok(['backup', 'tree'])
    await hikae.ok(['backup', '--force', '--tag', 'second', 'tree'])
    await hikae.ok(['forget', '--keep-last', '1'])
    expect(await hikae.messages(['prune'])).toContainEqual({ message_type: 'retention', files_renewed: 0 })
    await hikae.ok(['check', '--read-data'])
    expect(await countVersions(s3.client, 'locked', 'snapshots/')).toEqual({ written: 2, removed: 1 })
  })

  test('that is not there is a missing repository, not an empty one', async ({ dir, s3, expect }) => {
    const { accessKeyId, secretAccessKey } = s3.credentials
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const nowhere = new Hikae({ repository: `s3:${s3.endpoint}/${BUCKET}/nowhere`, cwd: dir.path, env })
    expect(await nowhere.run(['snapshots'])).toMatchObject({ exitCode: 10 })
  })
})

describe.skipIf(noSftp)('a repository over SFTP, from the command line', () => {
  test.for(['system', 'builtin'])('works with the %s client', async (client, { dir, sftp, expect }) => {
    const { host, port, user, identityFile, knownHostsFile } = sftp
    const repository = `sftp://${user}@${host}:${port}/${sftp.path}/${client}`
    await writeFile(dir.join('password'), PASSWORD)
    await writeFile(
      dir.join('hikae.yaml'),
      `version: 1
repositories:
  nas:
    sftp:
      host: ${host}
      port: ${port}
      user: ${user}
      path: ${sftp.path}/${client}
      client: ${client}
      identityFiles: [${identityFile}]
      knownHostsFiles: [${knownHostsFile}]
    password: { file: password }
`,
    )
    const named = new Hikae({ cwd: dir.path, env: { HIKAE_CACHE_DIR: dir.join('cache') } })
    await named.ok(['init'])
    const ssh = `-i ${identityFile} -o UserKnownHostsFile=${knownHostsFile} -o IdentitiesOnly=yes`
    const option = ['-o', `sftp.args=${ssh}`]
    const addressed = new Hikae({ repository, cwd: dir.path, env: { HIKAE_CACHE_DIR: dir.join('cache') } })
    if (client === 'system') await addressed.ok(['backup', ...option, 'tree'])
    else await named.ok(['backup', 'tree'])
    await named.ok(['restore', 'latest', '--target', 'restored'])
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])
    if (noRestic) return
    const restic = new Restic({ binary: restics[0]!, repository, password: PASSWORD })
    await restic.check([...option, '--read-data'])
  })

  test('of a server that nobody knows is refused with the way to know it', async ({ dir, sftp, expect }) => {
    const { host, port, user, identityFile } = sftp
    const repository = `sftp://${user}@${host}:${port}/${sftp.path}/stranger`
    const hikae = new Hikae({ repository, cwd: dir.path })
    const ssh = `-i ${identityFile} -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null`
    const refused = await hikae.run(['snapshots', '-o', `sftp.args=${ssh}`])
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/SHA256:[^]*next: /) as string })
  })
})

describe.skipIf(noRclone)('a repository behind rclone, from the command line', () => {
  test('works', async ({ dir, expect }) => {
    const repository = `rclone::local:${dir.join('repository')}`
    const env = { ...NO_RCLONE_CONFIG, HIKAE_CACHE_DIR: dir.join('cache') }
    const hikae = new Hikae({ repository, cwd: dir.path, env })
    const restic = noRestic
      ? undefined
      : new Restic({ binary: restics[0]!, repository, password: PASSWORD, env: { ...NO_RCLONE_CONFIG } })
    await liveThrough(hikae, restic, dir)
    expect(await compareTrees(dir.join('tree'), dir.join('restored/tree'))).toEqual([])
  })

  test('that does not know the remote says what rclone says', async ({ dir, expect }) => {
    const hikae = new Hikae({ repository: 'rclone:nowhere:x', cwd: dir.path, env: { ...NO_RCLONE_CONFIG } })
    const refused = await hikae.run(['snapshots'])
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nowhere') as string })
  })
})
