import { readFile } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'

/** Files that an engine puts into each container, from a folder that has the container's id. */
const FROM_ENGINE = /^\/etc\/(?:hostname|hosts|resolv\.conf)$/
const CONTAINER_ID = /\/containers\/([0-9a-f]{64})\//

/** Id of the container that this process is in; undefined when it is in none of Docker's. */
export async function ownContainer(): Promise<string | undefined> {
  try {
    return containerOfMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** @param mountInfo see proc(5) */
export function containerOfMounts(mountInfo: string): string | undefined {
  for (const line of mountInfo.split('\n')) {
    const [, , , root = '', place = ''] = line.split(' ')
    const id = FROM_ENGINE.test(place) ? CONTAINER_ID.exec(root)?.[1] : undefined
    if (id !== undefined) return id
  }
  return undefined
}
