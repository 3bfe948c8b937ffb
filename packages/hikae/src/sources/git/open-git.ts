import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import { shownAddress } from './address.ts'
import { Chain } from './chain.ts'
import type { GitConfig } from './config.ts'
import { extendChain } from './extend-chain.ts'
import type { GitFacts } from './facts.ts'
import { gitEnvironment, type GitEnvironment } from './git-environment.ts'
import { type CollectedObjects, collectObjects } from './lfs/collect-objects.ts'
import { listRemote } from './list-remote.ts'
import { type Mirror, updateMirror } from './mirror.ts'
import { type ObjectScan, scanObjects } from './object-scan.ts'
import { describeLosses } from './ref-changes.ts'
import { formatHead, refsDigest } from './ref-list.ts'
import { openRemote, type Remote, type RemoteOptions } from './remote.ts'
import { settleRestores } from './replace.ts'
import { runGit } from './run-git.ts'
import { snapshotRoot } from './snapshot-root.ts'
import { findLfsAddress, findSubmodules } from './submodules.ts'

/**
 * Everything is fetched, examined and bundled before the first entry is given: after that, only files are read.
 *
 * @throws {GitError | InputError} the remote is not there, refuses, breaks off, or is damaged
 */
export async function openGit(config: GitConfig, context: ReadContext, options: RemoteOptions): Promise<OpenSource> {
  const { signal } = context
  const settled = config.path === undefined ? [] : await settleRestores(resolve(context.folder, config.path))
  const remote = await openRemote(config, context, options)
  const listing = await listRemote(remote, signal)
  const state = await context.stateFolder()
  const mirror = await updateMirror(join(state, 'mirror.git'), remote, listing, context)
  const work = { env: gitEnvironment(context.env), signal }
  for (const loss of await describeLosses(mirror, work)) context.log(loss)
  const held = await Chain.open(join(state, 'bundles'), listing.format, context.log)
  const chain = await extendChain(held, mirror, context)
  const scan = await rememberedScan(mirror, work)
  const lfs = await collect(config, remote, mirror, scan, state, context)
  if (mirror.complaints > 0) {
    context.log(`${mirror.complaints} objects are not as git makes them today; they are saved as they are`)
  }
  const submodules = await findSubmodules(mirror.path, mirror.list, work)
  if (submodules.length > 0) {
    context.log(`submodules are not in this backup, but repositories of their own: ${submodules.join(', ')}`)
  }
  const settings = remote.local ? { settingsFolder: remote.local.commonFolder } : {}
  const facts: GitFacts = {
    git: (await runGit(['version'], { ...work, task: 'find out the version of git' })).trim(),
    from: shownAddress(remote.address),
    shape: remote.local === undefined || remote.local.shape === 'bare' ? 'bare' : 'working',
    objectFormat: listing.format,
    head: formatHead(mirror.list).trim(),
    refs: mirror.list.refs.size,
    refsDigest: refsDigest(mirror.list),
    objects: scan.objects,
    oldFashioned: mirror.complaints,
    bundles: chain.links.map(({ file, size, sha256 }) => ({ file, size, sha256 })),
    lfs: {
      objects: lfs.objects.length,
      bytes: lfs.objects.reduce((sum, { size }) => sum + size, 0),
      leftOut: scan.lfs.length - lfs.objects.length,
    },
    submodules,
  }
  return {
    paths: [facts.from],
    root: snapshotRoot({ list: mirror.list, chain, lfs: lfs.objects, ...settings }),
    finish: () =>
      Promise.resolve({ facts, findings: [...settled, ...lfs.findings], isEmpty: mirror.list.refs.size === 0 }),
    // What was fetched stays for the next run; nothing was done to anybody.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function collect(
  config: GitConfig,
  remote: Remote,
  mirror: Mirror,
  scan: ObjectScan,
  state: string,
  context: ReadContext,
): Promise<CollectedObjects> {
  if (config.lfs === false || scan.lfs.length === 0) return { objects: [], findings: [] }
  const work = { env: gitEnvironment(context.env), signal: context.signal }
  const configured = await findLfsAddress(mirror.path, mirror.list, work)
  return await collectObjects(scan.lfs, remote, state, context, configured)
}

/** The same refs reach the same objects. */
async function rememberedScan(
  { path, list }: Mirror,
  work: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<ObjectScan> {
  const file = join(path, 'hikae-objects.json')
  const digest = refsDigest(list)
  try {
    const known = JSON.parse(await readFile(file, 'utf8')) as ObjectScan & { readonly digest: string }
    if (known.digest === digest) return known
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
  }
  const scan = await scanObjects(path, work)
  await writeFile(file, JSON.stringify({ digest, ...scan }))
  return scan
}
