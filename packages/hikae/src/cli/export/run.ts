import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipped, zstdCompressed } from '../../archives/compress.ts'
import { UsageError } from '../../errors.ts'
import type { CommandInput } from '../command.ts'
import type { exportOptions } from '../commands/export.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatBytes } from '../output/format.ts'
import { jsonPath, printableMessage, printableText } from '../output/printable.ts'
import { describeSnapshot } from '../output/snapshot.ts'
import { openSession, type Session } from '../repository/session.ts'
import { chooseSnapshot, type SnapshotPlace } from '../repository/snapshot-choice.ts'
import { defaultName } from './default-name.ts'
import type { ExportFormat } from './formats.ts'
import { placeKind, type PlaceKind } from './only-file.ts'
import { chooseRecipients, encrypted, type Recipients, requireProgram } from './recipients.ts'
import { type WrittenFile, writeWholeFile } from './whole-file.ts'
import { writeTree } from './write-tree.ts'

/** What is written, and how. */
interface Job extends SnapshotPlace {
  readonly session: Session
  readonly format: ExportFormat
  readonly found: PlaceKind
  readonly recipients: Recipients | undefined
}

/** `hikae export`: one snapshot, or a part of it, as one file. */
export async function runExport(
  { options, globals, args }: CommandInput<typeof exportOptions>,
  context: CommandContext,
): Promise<ExitCode> {
  const recipients = chooseRecipients(options.ageRecipient, options.gpgRecipient)
  if (recipients) await requireProgram(recipients, context.signal)
  await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
  const place = await chooseSnapshot(session, args[0]!, options)
  const found = await placeKind(session.repository, place.snapshot, place.path, session.signal)
  const job: Job = { ...place, session, format: options.format ?? 'tar.zst', found, recipients }
  refuseContradictions(job, options.output, context)
  if (options.output === '-') {
    for await (const piece of contentOf(job)) await context.out.bytes(piece, session.signal)
    return EXIT.succeeded
  }
  const target = await targetOf(job, options.output)
  if (isTree(job)) {
    const { repository, signal } = session
    const onWarning = (message: string): void => context.out.warn(printableMessage(message))
    const bytes = await writeTree(target, { repository, ...place }, { signal, onWarning })
    report(job, target, { bytes }, context)
  } else {
    report(job, target, await writeWholeFile(target, contentOf(job)), context)
  }
  return EXIT.succeeded
}

function isTree({ format, found }: Job): boolean {
  return format === 'plain' && found.kind === 'tree'
}

function refuseContradictions(job: Job, output: string | undefined, { io }: CommandContext): void {
  const { format, found, path, recipients } = job
  if (isTree(job) && (output === '-' || recipients)) {
    throw new UsageError(`a directory can be ${output === '-' ? 'printed' : 'encrypted'} only as an archive`, {
      hint: 'use --format tar.zst',
    })
  }
  if (format !== 'plain' && found.kind === 'file' && found.path === path) {
    throw new UsageError('this is a file, and archives are made of directories', { hint: 'use --format plain' })
  }
  if (output === '-' && io.stdout.isTTY && (format !== 'plain' || recipients)) {
    throw new UsageError('an archive is not for the terminal', { hint: 'redirect the output, or name a file' })
  }
}

async function* contentOf(job: Job): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = packedContent(job)
  yield* job.recipients ? encrypted(packed, job.recipients, job.session.signal) : packed
}

async function* packedContent({
  session,
  snapshot,
  path,
  format,
  found,
}: Job): AsyncGenerator<Uint8Array, void, undefined> {
  const { dump } = await import('@hikae/engine')
  const { repository, signal } = session
  const archive = (kind: 'tar' | 'zip') => dump(repository, snapshot, '/', { root: path, format: kind, signal })
  switch (format) {
    case 'tar.zst':
      return yield* zstdCompressed(archive('tar'))
    case 'tar.gz':
      return yield* gzipped(archive('tar'))
    case 'tar':
    case 'zip':
      return yield* archive(format)
    case 'plain':
      return yield* dump(repository, snapshot, found.kind === 'file' ? found.path : path, { signal })
  }
}

async function targetOf(job: Job, output: string | undefined): Promise<string> {
  const own = ownName(job)
  if (output === undefined) return own
  return (await isFolder(output)) ? join(output, own) : output
}

function ownName({ snapshot, format, found, recipients }: Job): string {
  const ending = recipients ? `.${recipients.program}` : ''
  if (format !== 'plain') return `${defaultName(snapshot)}.${format}${ending}`
  return (found.kind === 'file' ? basename(jsonPath(found.path)) : defaultName(snapshot)) + ending
}

async function isFolder(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined)
  return facts?.isDirectory() ?? false
}

function report(
  { snapshot, format }: Job,
  file: string,
  { bytes, sha256 }: Partial<WrittenFile> & Pick<WrittenFile, 'bytes'>,
  { out }: CommandContext,
): void {
  if (out.json) {
    const checksum = sha256 === undefined ? {} : { sha256 }
    return out.document({ message_type: 'summary', snapshot_id: snapshot.id, format, file, bytes, ...checksum })
  }
  out.note(`exported ${describeSnapshot(snapshot)}`)
  out.line(`${printableText(file)}: ${formatBytes(bytes)}${sha256 === undefined ? '' : `, sha256 ${sha256}`}`)
}
