import { readFile, realpath } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import { type BytePath, childPath, isWithin, nameOf, parentPath, systemPath } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'

/** Something that is mounted can neither be renamed nor be swapped with what it lies in. */
export interface MountFacts {
  readonly isMountPoint: boolean
  /** Mount points below. */
  readonly below: readonly BytePath[]
}

/** @param path what is there may be absent, or a symlink, which is not followed */
export async function mountFacts(path: BytePath): Promise<MountFacts> {
  const real = await realPlace(path)
  const mounts = await mountPoints()
  if (mounts === undefined) return { isMountPoint: await isOnOtherDevice(path), below: [] }
  return {
    isMountPoint: mounts.includes(real),
    below: mounts.filter((mount) => mount !== real && isWithin(mount, real)),
  }
}

/** Links on the way are followed, as the system does. */
async function realPlace(path: BytePath): Promise<BytePath> {
  try {
    const folder = await realpath(systemPath(parentPath(path)), { encoding: 'buffer' })
    return childPath(folder.toString('latin1'), nameOf(path))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path
    throw error
  }
}

/** @returns undefined where the system has no such list */
async function mountPoints(): Promise<BytePath[] | undefined> {
  try {
    const lines = (await readFile('/proc/self/mountinfo', 'latin1')).split('\n')
    return lines.flatMap((line) => {
      const target = line.split(' ')[4]
      return target === undefined ? [] : [unescaped(target)]
    })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Blanks and backslashes are written in octal: `\040`. */
function unescaped(text: string): BytePath {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

async function isOnOtherDevice(path: BytePath): Promise<boolean> {
  const [found, above] = [await lookAt(path), await lookAt(parentPath(path))]
  return found?.isDirectory() === true && above !== undefined && found.dev !== above.dev
}
