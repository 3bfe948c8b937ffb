import type { Repository } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { openSession } from '../repository/session.ts'

const KINDS = { packs: 'pack', index: 'index', snapshots: 'snapshot', keys: 'key', locks: 'lock' } as const
const NAMES = ['blobs', 'packs', 'index', 'snapshots', 'keys', 'locks'] as const

export const list = command({
  name: 'list',
  group: 'Look',
  summary: 'List the ids of what a repository holds',
  arguments: [{ name: 'KIND', help: NAMES.join(', '), required: true, choices: NAMES }],
  options: {},
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['list snapshots', 'one id per line'],
    ['list blobs', 'with their kind: data or tree'],
  ],
  async run({ globals, args }, context) {
    const kind = args[0] as (typeof NAMES)[number]
    const { out } = context
    await using session = await openSession(globals, context, {
      lock: kind === 'blobs' || kind === 'packs' ? 'shared' : 'none',
      readOnly: true,
    })
    for await (const { id, type } of listed(session.repository, kind, session.signal)) {
      session.signal.throwIfAborted()
      if (out.json) out.document(type === undefined ? { id } : { id, type })
      else out.line(type === undefined ? id : `${type} ${id}`)
    }
    return EXIT.succeeded
  },
})

async function* listed(
  repository: Repository,
  kind: (typeof NAMES)[number],
  signal: AbortSignal,
): AsyncGenerator<{ id: string; type?: string }> {
  if (kind !== 'blobs') {
    yield* await repository.listIds(KINDS[kind], signal)
    return
  }
  yield* repository.index.blobs()
}
