import { open, rm } from 'node:fs/promises'
import type { StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import { errorMessage, InputError, systemCode, UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { value } from '../option.ts'
import { argumentBytes } from '../repository/byte-argument.ts'
import { openSession, type Session } from '../repository/session.ts'
import { chooseSnapshot } from '../repository/snapshot-choice.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

const FORMATS = ['tar', 'zip'] as const

export const dump = command({
  name: 'dump',
  group: 'Bring back',
  summary: 'Print a file of a snapshot, or a directory as an archive',
  arguments: [
    { name: 'SNAPSHOT', help: 'id, beginning of an id, or latest; with :PATH, paths start there', required: true },
    { name: 'FILE', help: 'absolute path in the snapshot; / is all of it', required: true },
  ],
  options: {
    ...snapshotFilterOptions,
    archive: value({
      short: 'a',
      placeholder: 'FORMAT',
      parse: oneOf(FORMATS),
      choices: FORMATS,
      help: 'tar or zip, for directories (default tar)',
    }),
    target: value({
      short: 't',
      placeholder: 'FILE',
      parse: someText,
      completes: 'file',
      help: 'write to this new file instead of standard output',
    }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['dump latest /shop.dump | pg_restore -d shop', 'a database dump straight back'],
    ['dump latest /srv --archive zip --target srv.zip', 'a directory'],
  ],
  async run({ options, globals, args }, context) {
    const engine = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const { snapshot, path } = await chooseSnapshot(session, args[0]!, options)
    const wanted = argumentBytes(args[1]!)
    const content = engine.dump(session.repository, snapshot, wanted, {
      root: path,
      format: options.archive ?? 'tar',
      signal: session.signal,
    })
    if (options.target !== undefined) {
      await writeNewFile(content, options.target)
      return EXIT.succeeded
    }
    if (context.io.stdout.isTTY) await refuseArchive(session, snapshot, `${path}/${wanted}`)
    for await (const chunk of content) await context.out.bytes(chunk, session.signal)
    return EXIT.succeeded
  },
})

/** A file may be looked at on a terminal, an archive may not. */
async function refuseArchive({ repository, signal }: Session, snapshot: StoredSnapshot, path: string): Promise<void> {
  const { listTree } = await import('@hikae/engine')
  for await (const { node } of listTree(repository, snapshot, { path, recursive: false, signal })) {
    if (node.type === 'file') return
    break
  }
  throw new UsageError('an archive is not for the terminal', { hint: 'redirect the output, or add --target FILE' })
}

/** Only the owner may read it: a backup holds secrets. A part of a file could be taken for all of it, so none stays. */
async function writeNewFile(content: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const file = await explained(path, async () => open(path, 'wx', 0o600))
  let isWhole = false
  try {
    for await (const chunk of content) await explained(path, async () => file.writeFile(chunk))
    await explained(path, async () => file.sync())
    isWhole = true
  } finally {
    await file.close()
    if (!isWhole) await rm(path, { force: true })
  }
}

/** @throws {InputError} what the system says against writing to `path` */
async function explained<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const hint =
      systemCode(error) === 'EEXIST' ? 'choose another name, or remove that file first' : 'choose another place'
    throw new InputError(`cannot write ${path}: ${errorMessage(error)}`, { hint, cause: error })
  }
}
