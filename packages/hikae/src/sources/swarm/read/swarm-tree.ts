import type { DirectoryEntry, Entry } from '@hikae/engine'
import { madeDirectory, madeFile } from '../../made-entry.ts'
import { stackOf, stacksOf, type SwarmContents } from '../documents.ts'
import { type Collection, CONTENT_ENDING, fileName, NODES_FILE, SETTINGS_FILE, SWARM_FOLDER } from '../layout.ts'
import { namesOf } from '../references.ts'
import { stableJson } from '../stable-json.ts'

export interface TreeContents {
  /** Of a config, by name. */
  readonly configData: (name: string) => Promise<Buffer>
  /** Of a secret, by name; undefined when its value is not saved. */
  readonly secretValue: (name: string) => Promise<Buffer | undefined>
}

/** The folder of a swarm in a snapshot: JSON that people can read, and that the Engine's API takes. */
export function swarmTree(
  contents: SwarmContents,
  { configData, secretValue }: TreeContents,
  timeNs: bigint,
): DirectoryEntry {
  const file = (name: string, bytes: Buffer): Entry =>
    madeFile(name, { kind: 'stream', open: () => once(bytes) }, { timeNs })
  const json = (name: string, value: unknown): Entry => file(name, Buffer.from(stableJson(value)))
  const folder = (name: Collection, children: DirectoryEntry['children']): Entry =>
    madeDirectory(name, children, { timeNs })
  const documents = (of: 'networks' | 'services'): Entry =>
    folder(of, () => contents[of].map((document) => json(fileName(document.Name, '.json'), document)))
  const withContent = (of: 'configs' | 'secrets', content: (name: string) => Promise<Buffer | undefined>): Entry =>
    folder(of, async function* children() {
      for (const document of contents[of]) {
        yield json(fileName(document.Name, '.json'), document)
        const bytes = await content(document.Name)
        if (bytes) yield file(fileName(document.Name, CONTENT_ENDING[of]), bytes)
      }
    })
  return madeDirectory(
    SWARM_FOLDER,
    () => [
      json(SETTINGS_FILE, contents.settings),
      json(NODES_FILE, contents.nodes),
      documents('networks'),
      withContent('configs', configData),
      withContent('secrets', secretValue),
      documents('services'),
      folder('stacks', () =>
        stacksOf(contents).map((name) => json(fileName(name, '.json'), stackDocument(name, contents))),
      ),
    ],
    { timeNs },
  )
}

/** What belongs to a stack, for people; all of it is also said by labels. */
function stackDocument(name: string, { networks, configs, secrets, services }: SwarmContents): unknown {
  const own = (documents: SwarmContents['configs' | 'networks' | 'secrets' | 'services']): string[] =>
    namesOf(documents.filter((document) => stackOf(document) === name))
  return {
    Name: name,
    Networks: own(networks),
    Configs: own(configs),
    Secrets: own(secrets),
    Services: own(services),
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
