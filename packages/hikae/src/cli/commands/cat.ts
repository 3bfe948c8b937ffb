import type { StoredSnapshot, TreeId } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { printablePath } from '../output/printable.ts'
import { chooseId } from '../repository/id-choice.ts'
import { openSession, type Session } from '../repository/session.ts'
import { chooseSnapshot } from '../repository/snapshot-choice.ts'

const KINDS = ['config', 'masterkey', 'key', 'lock', 'snapshot', 'index', 'pack', 'blob', 'tree'] as const
type Kind = (typeof KINDS)[number]

const WITHOUT_ID: readonly Kind[] = ['config', 'masterkey']
const NEEDS_INDEX: readonly Kind[] = ['blob', 'tree']
const ANY_SNAPSHOT = { host: [], tag: [], path: [] }

export const cat = command({
  name: 'cat',
  group: 'Look',
  summary: 'Print one object of a repository, decrypted',
  description:
    'Packs and blobs are printed as they are, everything else as JSON. `masterkey` prints the key that opens the whole ' +
    'repository without a password: treat it like one.',
  arguments: [
    { name: 'KIND', help: KINDS.join(', '), required: true, choices: KINDS },
    { name: 'ID', help: 'its id or the beginning of it; for tree a snapshot with an optional :PATH' },
  ],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['cat config', 'version, id and chunker polynomial'],
    ['cat snapshot latest', 'the newest snapshot'],
    ['cat tree latest:/srv', 'a directory as it is stored'],
  ],
  async run({ globals, args }, context) {
    const kind = args[0] as Kind
    const id = args[1]
    if (id === undefined && !WITHOUT_ID.includes(kind)) throw new UsageError(`cat ${kind} needs to know which one`)
    const lock = NEEDS_INDEX.includes(kind) || kind === 'pack' ? 'shared' : 'none'
    await using session = await openSession(globals, context, { lock, readOnly: true })
    await print(kind, id ?? '', session, context)
    return EXIT.succeeded
  },
})

async function print(kind: Kind, id: string, session: Session, context: CommandContext): Promise<void> {
  const { repository, signal } = session
  const { out } = context
  switch (kind) {
    case 'config': {
      const { version, id: repositoryId, chunkerPolynomial } = repository.config
      return printJson({ version, id: repositoryId, chunker_polynomial: chunkerPolynomial.toString(16) }, context)
    }
    case 'masterkey': {
      const { macK, macR, encrypt } = repository.masterKey
      return printJson({ mac: { k: base64(macK), r: base64(macR) }, encrypt: base64(encrypt) }, context)
    }
    case 'key':
      return printJson(parse(await repository.backend.read('key', await chooseId(session, 'key', id))), context)
    case 'lock':
      return printJson(
        parse(await repository.readUnpacked('lock', await chooseId(session, 'lock', id), signal)),
        context,
      )
    case 'snapshot': {
      const { snapshot } = await chooseSnapshot(session, id, ANY_SNAPSHOT)
      return printJson(parse(await repository.readUnpacked('snapshot', snapshot.id, signal)), context)
    }
    case 'index':
      return printRaw(
        await repository.readUnpacked('index', await chooseId(session, 'index', id), signal),
        context,
        '\n',
      )
    case 'pack':
      return out.bytes(await repository.backend.read('pack', await chooseId(session, 'pack', id), { signal }), signal)
    case 'blob':
      return printRaw(await readAnyBlob(session, id), context)
    case 'tree': {
      const { snapshot, path } = await chooseSnapshot(session, id, ANY_SNAPSHOT)
      return printRaw(await repository.readBlob('tree', await treeAt(session, snapshot, path), signal), context)
    }
  }
}

async function treeAt({ repository, signal }: Session, snapshot: StoredSnapshot, path: string): Promise<TreeId> {
  if (path === '/') return snapshot.tree
  const { listTree } = await import('@hikae/engine')
  for await (const { node } of listTree(repository, snapshot, { path, recursive: false, signal })) {
    if (node.subtree !== undefined) return node.subtree
    break
  }
  throw new UsageError(`${printablePath(path)} is not a directory`)
}

async function readAnyBlob({ repository, signal }: Session, id: string): Promise<Buffer> {
  const { isId } = await import('@hikae/engine')
  if (!isId(id)) throw new UsageError(`'${id}' is not the whole id of a blob`, { hint: 'write all 64 digits' })
  for (const type of ['data', 'tree'] as const) {
    if (repository.index.has(type, id)) return repository.readBlob(type, id, signal)
  }
  throw new UsageError(`blob ${id} is in no index`)
}

function parse(json: Uint8Array): unknown {
  return JSON.parse(Buffer.from(json).toString('utf8'))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function printJson(object: unknown, { out }: CommandContext): void {
  if (out.json) out.document(object)
  else out.line(JSON.stringify(object, undefined, 2))
}

async function printRaw(bytes: Uint8Array, { out, signal }: CommandContext, end = ''): Promise<void> {
  await out.bytes(bytes, signal)
  if (end !== '') await out.bytes(Buffer.from(end), signal)
}
