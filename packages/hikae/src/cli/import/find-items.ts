import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { type ArchiveName, archiveName, KNOWN_ENDINGS } from '../../archives/archive-name.ts'
import { errorMessage, InputError, isKnownError, UsageError } from '../../errors.ts'
import { lastName, parentName, systemPath, textOfPath } from './byte-name.ts'
import type { FoundItems, ImportItem, Refusal } from './item.ts'
import { isDated, itemTime, type TimeRules } from './item-time.ts'
import { stableName } from './stable-name.ts'

export interface FindOptions extends TimeRules {
  /** Names keep their dates. */
  readonly keepNames: boolean
}

interface Found {
  readonly items: ImportItem[]
  readonly refused: Refusal[]
  readonly leftOut: string[]
}

/**
 * What is to be imported: archives and dumps, directories whose name is dated, and what of these lies in other directories.
 * Reads names and times only.
 *
 * @param paths absolute byte strings
 * @throws {UsageError} one time is forced on several
 */
export async function findItems(paths: readonly string[], options: FindOptions): Promise<FoundItems> {
  const found: Found = { items: [], refused: [], leftOut: [] }
  for (const path of paths) {
    await collect(path, found, async () => addNamed(path, options, found))
  }
  if (options.forced !== undefined && found.items.length > 1) {
    throw new UsageError(`--time would give ${found.items.length} snapshots the same time`, {
      hint: 'import them one by one, or say with --time-from-name where their names have the time',
    })
  }
  const items = found.items.toSorted((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))
  return withoutDoubles({ ...found, items })
}

/** What goes wrong with one is told of that one; the others go on. */
async function collect(path: string, { refused }: Found, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    refused.push({ path, error: isKnownError(error) ? error : unusable(error) })
  }
}

function unusable(error: unknown): InputError {
  return new InputError(errorMessage(error), { hint: 'check the name and the permissions', cause: error })
}

async function addNamed(path: string, options: FindOptions, found: Found): Promise<void> {
  const facts = await stat(systemPath(path), { bigint: true })
  if (!facts.isDirectory()) {
    if (!facts.isFile()) throw new InputError('it is neither a file nor a directory', { hint: 'name an archive' })
    found.items.push(fileItem(path, facts, options))
    return
  }
  if (isDated(textOfPath(lastName(path)), options)) {
    found.items.push(directoryItem(path, facts, options))
    return
  }
  const inside: Found = { items: [], refused: [], leftOut: [] }
  await addInside(path, options, inside)
  if (inside.items.length + inside.refused.length === 0) {
    if (options.forced === undefined) throw nothingDated()
    found.items.push(directoryItem(path, facts, options))
    return
  }
  found.items.push(...inside.items)
  found.refused.push(...inside.refused)
  found.leftOut.push(...inside.leftOut)
}

function nothingDated(): InputError {
  return new InputError('it holds no archives and no dated directories, and its own name has no date', {
    hint: 'with --time it is imported as one snapshot of that time',
  })
}

/** Links are left out: in such folders they say which backup is the latest. */
async function addInside(folder: string, options: FindOptions, found: Found): Promise<void> {
  const entries = await readdir(systemPath(folder), { withFileTypes: true, encoding: 'buffer' })
  const names = entries.map((entry) => ({ entry, name: entry.name.toString('latin1') }))
  for (const { entry, name } of names.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${folder.replace(/\/+$/, '')}/${name}`
    const text = textOfPath(name)
    const isArchive = entry.isFile() && archiveName(text) !== undefined
    const isSnapshot = entry.isDirectory() && isDated(text, options)
    if (!isArchive && !isSnapshot) {
      found.leftOut.push(path)
      continue
    }
    await collect(path, found, async () => {
      const facts = await stat(systemPath(path), { bigint: true })
      found.items.push(isSnapshot ? directoryItem(path, facts, options) : fileItem(path, facts, options))
    })
  }
}

function fileItem(path: string, facts: BigIntStats, options: FindOptions): ImportItem {
  const origin = textOfPath(lastName(path))
  const known = archiveName(origin)
  if (!known) throw unknownKind(origin)
  const { timeNs, from, inName } = itemTime(origin, facts.mtimeNs, options)
  const isInside = inName !== undefined && inName.end <= known.unpacked.length
  const name = options.keepNames ? known.unpacked : stableName(known.unpacked, isInside ? inName : undefined)
  return {
    kind: known.content,
    path,
    origin,
    compression: known.compression,
    timeNs,
    timeFrom: from,
    place: placeOf(path, name, known),
  }
}

function unknownKind(name: string): InputError {
  const isZip = /\.(?:zip|7z|rar|tar\.\w+|lz4|lzo|z)$/i.test(name)
  return new InputError(`it is not an archive that can be imported`, {
    hint: isZip
      ? 'unpack it into a folder, and import that folder with --time'
      : `what is known by its name: ${KNOWN_ENDINGS}`,
  })
}

function directoryItem(path: string, facts: BigIntStats, options: FindOptions): ImportItem {
  const origin = textOfPath(lastName(path))
  const { timeNs, from, inName } = itemTime(origin, facts.mtimeNs, options)
  const name = options.keepNames ? origin : stableName(origin, inName)
  return { kind: 'directory', path, origin, compression: 'none', timeNs, timeFrom: from, place: placeOf(path, name) }
}

/** A name that was nothing but a date is called after the folder it lies in. */
function placeOf(path: string, name: string, known?: ArchiveName): string {
  if (name !== '' && !name.startsWith('.')) return `/${name}`
  const folder = textOfPath(parentName(path)) || 'backup'
  return known?.content === 'file' ? `/${folder}${name}` : `/${folder}`
}

/** Of two with one name and one time the second would be taken for the first when the import is repeated. */
function withoutDoubles({ items, refused, leftOut }: FoundItems): FoundItems {
  const known = new Map<string, ImportItem>()
  const doubles: Refusal[] = []
  const single = items.filter((item) => {
    const key = `${item.timeNs} ${item.origin}`
    const before = known.get(key)
    known.set(key, before ?? item)
    if (before === undefined) return true
    if (before.path === item.path) return false
    const error = new InputError(`${textOfPath(before.path)} has the same name and time`, {
      hint: 'rename one of them, or import them in two runs with different --host',
    })
    doubles.push({ path: item.path, error })
    return false
  })
  return { items: single, refused: [...refused, ...doubles], leftOut }
}
