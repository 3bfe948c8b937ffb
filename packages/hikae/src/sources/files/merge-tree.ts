import { createReadStream } from 'node:fs'
import { readdir, rename } from 'node:fs/promises'
import { type BytePath, childPath, nameOf, parentPath, systemPath } from '../swap/byte-path.ts'
import { lookAt, move } from '../swap/move.ts'
import { keptName, parseBesideName } from '../swap/names.ts'
import type { Replacement } from '../swap/replacement.ts'
import { swap } from '../swap/swap.ts'

/** What became of what was there. */
export interface Replaced {
  readonly kept: readonly BytePath[]
  readonly created: readonly BytePath[]
}

/**
 * Puts each file of a built tree in its place in a tree that stays. A file that differs is kept beside the new one; folders
 * that are there stay as they are.
 *
 * @returns what is kept, and what was put where nothing was
 */
export async function mergeTree(replacement: Replacement, live: BytePath): Promise<Replaced> {
  const { stamp } = parseBesideName(nameOf(replacement.path))!
  const kept: BytePath[] = []
  const created: BytePath[] = []
  for await (const [fresh, place] of pairs(replacement.path, live, (moved) => void created.push(moved))) {
    if (await haveSameContent(fresh, place)) {
      await rename(systemPath(fresh), systemPath(place))
      continue
    }
    const old = await swap(fresh, place, childPath(parentPath(place), keptName(nameOf(place), stamp)))
    if (old === undefined) created.push(place)
    else kept.push(old)
  }
  return { kept, created }
}

/** The first place at which there is a folder where a file is to be, or the other way round. */
export async function findConflict(fresh: BytePath, live: BytePath): Promise<BytePath | undefined> {
  for await (const [one, place] of pairs(fresh, live)) {
    const [wanted, found] = [await lookAt(one), await lookAt(place)]
    if (found && wanted!.isDirectory() !== found.isDirectory()) return place
  }
  return undefined
}

/**
 * What is to be put where. Folders that are in both trees are gone through; others are moved whole, unless nobody asks for
 * that.
 */
async function* pairs(
  fresh: BytePath,
  live: BytePath,
  onMoved?: (place: BytePath) => void,
): AsyncGenerator<[BytePath, BytePath]> {
  for (const entry of await readdir(systemPath(fresh), { encoding: 'buffer', withFileTypes: true })) {
    const name = entry.name.toString('latin1')
    const [from, to] = [childPath(fresh, name), childPath(live, name)]
    const found = entry.isDirectory() ? await lookAt(to) : undefined
    if (found?.isDirectory()) yield* pairs(from, to, onMoved)
    else if (entry.isDirectory() && onMoved) {
      await move(from, to)
      onMoved(to)
    } else yield [from, to]
  }
}

async function haveSameContent(one: BytePath, other: BytePath): Promise<boolean> {
  const [first, second] = [await lookAt(one), await lookAt(other)]
  if (!first?.isFile() || !second?.isFile() || first.size !== second.size) return false
  const theirs = createReadStream(systemPath(other))[Symbol.asyncIterator]()
  // Both are read in pieces of the same length.
  for await (const part of createReadStream(systemPath(one)) as AsyncIterable<Buffer>) {
    const { value } = (await theirs.next()) as IteratorResult<Buffer>
    if (value === undefined || !part.equals(value)) {
      await theirs.return?.()
      return false
    }
  }
  await theirs.return?.()
  return true
}
