import { DamagedError } from '../errors.ts'
import { fieldsOf, idField, numberField, parseFields, requiredId, textField, textsField } from '../json/fields.ts'
import { encodeGoString } from '../json/go-string.ts'
import { isTime, ZERO_TIME } from '../json/go-time.ts'
import type { Snapshot, SnapshotSummary } from './snapshot.ts'

const MAX_U32 = 0xffff_ffff

/** The plaintext of a snapshot file: fields in restic's order, empty ones omitted (§9). */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  let json = `{"time":"${snapshot.time}"`
  if (snapshot.parent) json += `,"parent":"${snapshot.parent}"`
  json += `,"tree":"${snapshot.tree}","paths":${encodeTexts(snapshot.paths)}`
  if (snapshot.hostname) json += `,"hostname":${encodeGoString(snapshot.hostname)}`
  if (snapshot.username) json += `,"username":${encodeGoString(snapshot.username)}`
  if (snapshot.uid) json += `,"uid":${snapshot.uid}`
  if (snapshot.gid) json += `,"gid":${snapshot.gid}`
  if (snapshot.excludes?.length) json += `,"excludes":${encodeTexts(snapshot.excludes)}`
  if (snapshot.tags?.length) json += `,"tags":${encodeTexts(snapshot.tags)}`
  if (snapshot.original) json += `,"original":"${snapshot.original}"`
  if (snapshot.programVersion) json += `,"program_version":${encodeGoString(snapshot.programVersion)}`
  if (snapshot.summary) json += `,"summary":${encodeSummary(snapshot.summary)}`
  return Buffer.from(`${json}}`)
}

function encodeTexts(texts: readonly string[]): string {
  return `[${texts.map(encodeGoString).join(',')}]`
}

/** The summary's counts, in the order in which they are written. */
const COUNTS = [
  ['filesNew', 'files_new'],
  ['filesChanged', 'files_changed'],
  ['filesUnmodified', 'files_unmodified'],
  ['dirsNew', 'dirs_new'],
  ['dirsChanged', 'dirs_changed'],
  ['dirsUnmodified', 'dirs_unmodified'],
  ['dataBlobs', 'data_blobs'],
  ['treeBlobs', 'tree_blobs'],
  ['dataAdded', 'data_added'],
  ['dataAddedPacked', 'data_added_packed'],
  ['totalFilesProcessed', 'total_files_processed'],
  ['totalBytesProcessed', 'total_bytes_processed'],
] as const satisfies readonly (readonly [keyof SnapshotSummary, string])[]

function encodeSummary(summary: SnapshotSummary): string {
  const counts = COUNTS.map(([key, name]) => `"${name}":${summary[key]}`)
  return `{"backup_start":"${summary.backupStart}","backup_end":"${summary.backupEnd}",${counts.join(',')}}`
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Unknown fields are ignored, as restic does. Absent ones stay absent; an absent count in a summary is 0.
 *
 * @param plaintext the decrypted and decompressed file
 * @throws {DamagedError} not a snapshot, or one without tree or time
 */
export function decodeSnapshot(plaintext: Uint8Array): Snapshot {
  const fields = parseFields(plaintext, 'the snapshot')
  const snapshot: Mutable<Snapshot> = {
    time: timeField(fields['time'], 'the time of the snapshot'),
    tree: requiredId(fields['tree'], 'the tree of the snapshot'),
    paths: textsField(fields['paths'], 'the paths of the snapshot'),
  }
  const parent = idField(fields['parent'], 'the parent of the snapshot')
  if (parent !== undefined) snapshot.parent = parent
  const hostname = textField(fields['hostname'], 'the host name of the snapshot')
  if (hostname !== '') snapshot.hostname = hostname
  const username = textField(fields['username'], 'the user name of the snapshot')
  if (username !== '') snapshot.username = username
  const uid = numberField(fields['uid'], 'the uid of the snapshot', MAX_U32)
  if (uid !== 0) snapshot.uid = uid
  const gid = numberField(fields['gid'], 'the gid of the snapshot', MAX_U32)
  if (gid !== 0) snapshot.gid = gid
  const excludes = textsField(fields['excludes'], 'the excludes of the snapshot')
  if (excludes.length > 0) snapshot.excludes = excludes
  const tags = textsField(fields['tags'], 'the tags of the snapshot')
  if (tags.length > 0) snapshot.tags = tags
  const original = idField(fields['original'], 'the original of the snapshot')
  if (original !== undefined) snapshot.original = original
  const programVersion = textField(fields['program_version'], 'the program version of the snapshot')
  if (programVersion !== '') snapshot.programVersion = programVersion
  const summary = fields['summary']
  if (summary !== undefined && summary !== null) snapshot.summary = decodeSummary(summary)
  return snapshot
}

function decodeSummary(value: unknown): SnapshotSummary {
  const what = 'the summary of the snapshot'
  const fields = fieldsOf(value, what)
  const count = (name: string) => numberField(fields[name], `${name} in ${what}`)
  const counts = Object.fromEntries(COUNTS.map(([key, name]) => [key, count(name)]))
  return {
    backupStart: timeField(fields['backup_start'] ?? ZERO_TIME, `backup_start in ${what}`),
    backupEnd: timeField(fields['backup_end'] ?? ZERO_TIME, `backup_end in ${what}`),
    ...(counts as Record<(typeof COUNTS)[number][0], number>),
  }
}

function timeField(value: unknown, what: string): string {
  const text = textField(value, what)
  if (!isTime(text)) throw new DamagedError(`${what}, ${JSON.stringify(text)}, is not a time`)
  return text
}
