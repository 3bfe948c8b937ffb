/** Everything is below it in a snapshot, and the manager's state directory is beside it. */
export const SWARM_FOLDER = 'swarm'
export const RAFT_FOLDER = 'raft'

export const SETTINGS_FILE = 'swarm.json'
export const NODES_FILE = 'nodes.json'

/** Folders with a file for each: `services/shop_web.json`. */
export type Collection = 'networks' | 'configs' | 'secrets' | 'services' | 'stacks'

/** What lies beside the document of a config or secret: its content. */
export const CONTENT_ENDING = { configs: '.data', secrets: '.value' } as const

/**
 * Name of a file, from the name of what is in it; as written wherever that can be.
 *
 * @param ending `.json`
 */
export function fileName(name: string, ending: string): string {
  return `${encodeURIComponent(name.toWellFormed()).replace(/^\./, '%2E')}${ending}`
}

/** Byte string of a file in a snapshot. */
export function pathOf(collection: Collection, name: string, ending: string): string {
  return `/${SWARM_FOLDER}/${collection}/${fileName(name, ending)}`
}
