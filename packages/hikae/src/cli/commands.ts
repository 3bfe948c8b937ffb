import type { Command } from './command.ts'

/**
 * Everything `hikae` can be told to do, by first word, in the order of its help. Loaded when asked for: most runs need
 * one command, and starting should take no time.
 */
const LOADERS: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  init: async () => [(await import('./commands/init.ts')).init],
  backup: async () => [(await import('./commands/backup.ts')).backup],
  import: async () => [(await import('./commands/import.ts')).importCommand],
  daemon: async () => [(await import('./commands/daemon.ts')).daemon],
  schedule: async () => {
    const { scheduleInstall, scheduleRemove, scheduleShow } = await import('./commands/schedule.ts')
    return [scheduleInstall, scheduleShow, scheduleRemove]
  },
  copy: async () => [(await import('./commands/copy.ts')).copy],
  snapshots: async () => [(await import('./commands/snapshots.ts')).snapshots],
  repository: async () => [(await import('./commands/repository-list.ts')).repositoryList],
  status: async () => [(await import('./commands/status.ts')).status],
  doctor: async () => [(await import('./commands/doctor.ts')).doctor],
  history: async () => [(await import('./commands/history.ts')).history],
  logs: async () => [(await import('./commands/logs.ts')).logs],
  ls: async () => [(await import('./commands/ls.ts')).ls],
  find: async () => [(await import('./commands/find.ts')).find],
  diff: async () => [(await import('./commands/diff.ts')).diff],
  stats: async () => [(await import('./commands/stats.ts')).stats],
  list: async () => [(await import('./commands/list.ts')).list],
  cat: async () => [(await import('./commands/cat.ts')).cat],
  restore: async () => [(await import('./commands/restore.ts')).restore],
  dump: async () => [(await import('./commands/dump.ts')).dump],
  export: async () => [(await import('./commands/export.ts')).exportCommand],
  recover: async () => [(await import('./commands/recover.ts')).recover],
  drill: async () => [(await import('./commands/drill.ts')).drill],
  check: async () => [(await import('./commands/check.ts')).check],
  rewrite: async () => [(await import('./commands/rewrite.ts')).rewrite],
  repair: async () => [
    (await import('./commands/repair-index.ts')).repairIndex,
    (await import('./commands/repair-packs.ts')).repairPacks,
    (await import('./commands/repair-snapshots.ts')).repairSnapshots,
  ],
  forget: async () => [(await import('./commands/forget.ts')).forget],
  prune: async () => [(await import('./commands/prune.ts')).prune],
  tag: async () => [(await import('./commands/tag.ts')).tag],
  unlock: async () => [(await import('./commands/unlock.ts')).unlock],
  migrate: async () => [(await import('./commands/migrate.ts')).migrate],
  key: async () => {
    const { keyAdd, keyList, keyPasswd, keyRemove } = await import('./commands/key.ts')
    return [keyList, keyAdd, keyRemove, keyPasswd]
  },
  serve: async () => [(await import('./commands/serve.ts')).serve],
  disk: async () => [
    (await import('./commands/disk-list.ts')).diskList,
    (await import('./commands/disk-prepare.ts')).diskPrepare,
  ],
  docker: async () => [
    (await import('./commands/docker-usage.ts')).dockerUsage,
    (await import('./commands/docker-prune-volumes.ts')).dockerPruneVolumes,
  ],
  alerts: async () => [(await import('./commands/alerts.ts')).alertsTest],
  config: async () => {
    const { configCheck, configSchema, configShow } = await import('./commands/config.ts')
    return [configCheck, configShow, configSchema]
  },
  completion: async () => [(await import('./commands/completion.ts')).completion],
  version: async () => [(await import('./commands/version.ts')).version],
}

export async function allCommands(): Promise<Command[]> {
  return commandsNamed(Object.keys(LOADERS))
}

/** The commands whose first word is among `words`. */
export async function commandsNamed(words: readonly string[]): Promise<Command[]> {
  const wanted = Object.entries(LOADERS).filter(([name]) => words.includes(name))
  return (await Promise.all(wanted.map(([, load]) => load()))).flat()
}
