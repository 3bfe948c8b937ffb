import { readFile } from 'node:fs/promises'
import { hostname, release } from 'node:os'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'

/** What an engine says of itself. */
export interface EngineInfo {
  readonly ID: string
  /** Of its host. */
  readonly Name?: string
  readonly KernelVersion?: string
  /** Where its files are, as it sees them. */
  readonly DockerRootDir?: string
}

/** Written by engines from 24 on. */
const ID_FILE = 'engine-id'
/** Written by all, with the id of each network. */
const NETWORKS_FILE = 'network/files/local-kv.db'
/** Networks that every engine makes once, with an id at random, and keeps. */
const LASTING = ['host', 'none']

/**
 * Whether an engine is on this host, and its files are where it says. Name and kernel alone are not enough: an engine in a
 * container with the host's network has them too, and files of its own. So something of its own is looked for in the folder
 * that it names: its id, or else the random ids of its networks. Whoever may not read there is told no.
 *
 * @param networks asked for only when it matters
 */
export async function isThisHost(
  { ID, Name, KernelVersion, DockerRootDir: root = '' }: EngineInfo,
  networks: () => Promise<readonly { readonly Id: string; readonly Name: string }[]>,
): Promise<boolean> {
  if (Name !== hostname() || KernelVersion !== release() || root === '') return false
  const id = await contentOf(join(root, ID_FILE))
  if (id !== undefined) return id.trim() === ID
  const known = await contentOf(join(root, NETWORKS_FILE))
  if (known === undefined) return false
  const own = (await networks()).filter(({ Name: name }) => LASTING.includes(name))
  return own.some(({ Id }) => known.includes(Id))
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
