import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { MIGRATIONS } from '../migrate/migration-names.ts'
import { flag, list, value } from '../option.ts'
import { UsageError } from '../../errors.ts'
import { someText } from '../values/text.ts'

export const migrate = command({
  name: 'migrate',
  group: 'Keep house',
  summary: 'Upgrade a repository; move a project to another host',
  description:
    'Without --from and --to it is about a repository, as with restic: without a name, lists the migrations that can be ' +
    'applied to it. The repository is checked first, and nothing is changed when anything is wrong with it. After ' +
    'upgrade_repo_v2, restic before version 0.14 cannot open the repository; what is stored is compressed by ' +
    'hikae prune --repack-uncompressed.\n' +
    'With --from and --to, a Compose project or volumes go from one Docker Engine to another: images, volumes and the ' +
    "project's folder are copied while it runs; then it is stopped for a moment, what has changed comes over, both sides are " +
    'compared, and the project is started on the other side and waited for. The plan is told first. Nothing is removed from ' +
    'the source, which runs on as before unless told otherwise. When anything fails, what was made on the other side is ' +
    'removed again. HOST is unix:///run/docker.sock, tcp://host:2376, ssh://user@host, or local.',
  arguments: [
    {
      name: 'MIGRATION|PROJECT',
      help: 'what to do with the repository; with --from and --to, the Compose project to move',
      variadic: true,
      suggestions: Object.keys(MIGRATIONS),
    },
  ],
  options: {
    from: value({ placeholder: 'HOST', parse: someText, help: 'Docker Engine that it is on' }),
    to: value({ placeholder: 'HOST', parse: someText, help: 'Docker Engine that it goes to' }),
    volumes: list({
      placeholder: 'NAME',
      parse: someText,
      help: 'move these volumes, and no project; several with commas or spaces between',
    }),
    folder: value({
      placeholder: 'DIR',
      parse: someText,
      help: "where the project's files go on the other host (default: the same folder)",
    }),
    stopSource: flag({ help: "leave the source's containers stopped when the other side is well" }),
    removeSource: flag({
      help: "remove the source's containers, networks and volumes when the other side is well",
    }),
    dryRun: flag({ short: 'n', help: 'only tell the plan' }),
    yes: flag({ help: 'do not ask' }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['migrate', 'what can be done with the repository'],
    ['migrate upgrade_repo_v2', 'to format version 2'],
    ['migrate shop --from local --to ssh://root@new.example.com --dry-run', 'what moving a project would do'],
    ['migrate shop --from local --to ssh://root@new.example.com --stop-source', 'move it for good'],
    ['migrate --volumes uploads --from ssh://root@old.example.com --to local', 'one volume'],
  ],
  async run({ globals, options, args }, context) {
    const { from, to, ...others } = options
    if (from !== undefined && to !== undefined) {
      const { moveDocker } = await import('../migrate/move-docker.ts')
      return await moveDocker({ ...others, from, to, args }, context)
    }
    refuseStray(options)
    const [name, ...more] = args
    if (name !== undefined && (!Object.hasOwn(MIGRATIONS, name) || more.length > 0)) {
      throw new UsageError(`there is no migration called '${args.join(' ')}'`, {
        hint: 'run `hikae migrate` to see what there is; to move a Compose project, say --from and --to',
      })
    }
    const { listMigrations, upgradeRepository } = await import('../migrate/migrate-repository.ts')
    const { openSession } = await import('../repository/session.ts')
    const access =
      name === undefined ? ({ lock: 'none' } as const) : ({ lock: 'exclusive', index: 'unloaded' } as const)
    await using session = await openSession(globals, context, access)
    if (name === undefined) await listMigrations(session, context)
    else await upgradeRepository(session, context)
    return EXIT.succeeded
  },
})

/** @throws {UsageError} options of the one with the other */
function refuseStray({
  from,
  to,
  volumes,
  folder,
  ...flags
}: {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly volumes: readonly string[]
  readonly folder: string | undefined
  readonly stopSource: boolean
  readonly removeSource: boolean
  readonly dryRun: boolean
  readonly yes: boolean
}): void {
  const isAny = from ?? to ?? folder ?? (volumes.length > 0 || Object.values(flags).some(Boolean) ? '' : undefined)
  if (isAny === undefined) return
  const missing = from === undefined ? '--from' : '--to'
  throw new UsageError(`${missing} is missing: it says which Docker Engine is meant`, {
    hint: 'write for instance --from local --to ssh://root@new.example.com',
  })
}
