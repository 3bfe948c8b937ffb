import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeHostileTree, readTreeFacts, type TempDir } from '@hikae/testkit'
import type { DockerVolumesConfig } from '../../src/sources/docker-volumes/config.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { SourceKind } from '../../src/sources/source-kind.ts'
import type { SourceSubject } from '../support/describe-source.ts'
import type { DockerGround } from './docker-volumes-ground.ts'

/** A volume of an engine, for the contract of sources, that is read and restored in one of the two ways. */
export async function volumeSubject(
  ground: DockerGround,
  dir: TempDir,
  read: 'direct' | 'archive',
): Promise<SourceSubject<DockerVolumesConfig>> {
  const [name, empty, other] = [ground.name(), ground.name('empty'), ground.name('other')]
  const tree = await ground.makeVolume(name, '--label', 'some=label')
  await makeHostileTree(tree, { size: 'small' })
  // In the engine's archives, further names of what is no file cannot be told from those of files.
  if (read === 'archive')
    for (const path of ['specials/same fifo', 'links elsewhere/same symlink']) await rm(join(tree, path))
  await ground.makeVolume(empty)
  await ground.fill(other, { file: 'content' })
  const config = (...names: string[]): DockerVolumesConfig => ground.config({ names, read })
  const lasting = config(name)
  const failing = config(name, other)
  const { kind, begun } = tellingWhenItReads(lasting, failing, () => rm(ground.at(other), { recursive: true }))
  return {
    kind,
    config: config(name),
    folder: dir.path,
    content: (to = name) => contentOf(ground.at(to), read),
    elsewhere: ground.name('elsewhere'),
    async change() {
      await rm(join(tree, 'contents'), { recursive: true })
      await writeFile(join(tree, 'added'), 'new')
      await writeFile(join(tree, 'links/file'), 'different')
    },
    empty: config(empty),
    failing,
    lasting: { config: lasting, begun },
    traces: () => ground.traces(),
    async [Symbol.asyncDispose]() {
      await ground.docker.docker('volume', 'prune', '--force')
    },
  }
}

/** The kind, when the volumes of one configuration begin to be read, and what is done then for another. */
function tellingWhenItReads(
  watched: DockerVolumesConfig,
  disturbed: DockerVolumesConfig,
  disturb: () => Promise<void>,
): { kind: SourceKind<DockerVolumesConfig>; begun: () => Promise<void> } {
  const begun = Promise.withResolvers<void>()
  return {
    begun: () => begun.promise,
    kind: {
      ...dockerVolumesSource,
      async open(given, context) {
        const source = await dockerVolumesSource.open(given, context)
        return {
          ...source,
          finish: () => source.finish(),
          [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
          root: {
            ...source.root,
            async *children(signal) {
              if (given === watched) begun.resolve()
              if (given === disturbed) await disturb()
              yield* source.root.children(signal)
            },
          },
        }
      },
    },
  }
}

/**
 * All facts that are saved: not how much room files take up, no sockets, and not that a FIFO has two names. The engine tells
 * whole seconds, writes none before 1970, and of attributes tells only capabilities.
 */
async function contentOf(root: string, read: 'direct' | 'archive'): Promise<unknown> {
  const facts = [...(await readTreeFacts(root))].filter(([, { type }]) => type !== 'socket')
  return facts.map(([path, fact]) => {
    const isFifo = fact.type === 'fifo'
    const saved = { ...fact, allocated: undefined, sameFile: isFifo ? undefined : fact.sameFile }
    if (read === 'direct') return [path, saved]
    const attributes = fact.attributes.filter((line) => line.startsWith('security.capability'))
    return [path, { ...saved, attributes, mtimeNs: fact.mtimeNs < 0n ? 0n : fact.mtimeNs / 1_000_000_000n }]
  })
}
