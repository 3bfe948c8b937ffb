import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { KeptCopy, ReadContext, RestorePlan } from '../source-kind.ts'
import { bytePath, childPath, nameOf, printablePath, systemPath } from '../swap/byte-path.ts'
import { keptCopy } from '../swap/kept-copy.ts'
import { byMoment, keptBeside, type KeptMoment } from '../swap/kept-items.ts'
import { lookAt } from '../swap/move.ts'
import { named, nextStamp, undoMoment } from '../swap/undo-moment.ts'
import type { GitConfig } from './config.ts'
import { excludeKept } from './exclude-kept.ts'
import { settleRestores } from './replace.ts'

/** Repositories that restores in place have replaced; of one on a server, nothing is. */
export async function keptRepositories(config: GitConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  const moments = await findKept(config, context)
  return moments.map((moment) => keptCopy(moment, (of, asked) => planUndo(of, config, asked)))
}

async function findKept({ path }: GitConfig, { folder, log }: ReadContext): Promise<KeptMoment[]> {
  if (path === undefined) return []
  const place = resolve(folder, path)
  for (const { message } of await settleRestores(place)) log(message)
  const moments = [...(await keptBeside(childPath(bytePath(place), '.git'))), ...(await keptBeside(bytePath(place)))]
  const repositories: KeptMoment[] = []
  for (const moment of moments) {
    const { kept = '' } = moment.items[0]!
    // A source of the kind files may keep the whole folder under such a name.
    if (await isRepository(systemPath(kept).toString())) repositories.push(moment)
  }
  return byMoment(repositories)
}

async function planUndo(moment: KeptMoment, config: GitConfig, context: ReadContext): Promise<RestorePlan> {
  const { items } = moment
  const steps: string[] = []
  for (const { live, kept } of items) {
    const present = (await lookAt(live)) ? ', which is kept beside it, under its name with the time' : ''
    steps.push(`put ${printablePath(kept!)} back as ${printablePath(live)}${present}`)
  }
  if (items.some(({ live }) => nameOf(live) === '.git')) {
    steps.push('the files beside it stay as they are; `git status` shows how they differ')
  }
  return {
    steps,
    async apply(signal) {
      signal.throwIfAborted()
      const others = (await findKept(config, context)).map(({ stamp }) => stamp)
      const stamp = await nextStamp(items, others, new Date())
      for (const { live, kept } of items) {
        if (nameOf(live) === '.git') await excludeKept(systemPath(kept!).toString())
      }
      const kept = await undoMoment(items, stamp)
      const place = named(items.map(({ live }) => live))
      return { place, ...(kept.length > 0 ? { kept: named(kept) } : {}), findings: [] }
    },
  }
}

async function isRepository(folder: string): Promise<boolean> {
  try {
    const [head, objects] = await Promise.all([stat(join(folder, 'HEAD')), stat(join(folder, 'objects'))])
    return head.isFile() && objects.isDirectory()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}
