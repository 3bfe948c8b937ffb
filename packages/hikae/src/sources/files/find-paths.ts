import { resolve } from 'node:path'
import { InputError } from '../../errors.ts'
import { type BytePath, bytePath, nameOf } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'
import { parseBesideName, splitKeptName } from '../swap/names.ts'
import type { FilesConfig } from './config.ts'

/** What the paths of a source stand for now. */
export interface FoundPaths {
  /** Absolute, each once; those without a pattern are among them whether they exist or not. */
  readonly targets: readonly BytePath[]
  /** Patterns that nothing fits. */
  readonly unmatched: readonly string[]
}

/**
 * @param folder that relative paths begin at
 * @throws {InputError | InvalidInputError} a pattern that cannot be understood
 */
export async function findPaths({ paths }: Pick<FilesConfig, 'paths'>, folder: string): Promise<FoundPaths> {
  const targets = new Set<BytePath>()
  const unmatched: string[] = []
  for (const path of paths) {
    const literal = bytePath(resolve(folder, path))
    // What exists under such a name is meant, as `[id]` in a web framework's folders.
    if (!/[*?[\\]/.test(path) || (await exists(literal))) {
      targets.add(literal)
      continue
    }
    const found = await expand(path, folder)
    if (found.length === 0) unmatched.push(path)
    for (const target of found) targets.add(target)
  }
  return { targets: [...targets], unmatched }
}

/** What a restore builds or has kept is not what a pattern means. */
async function expand(pattern: string, folder: string): Promise<BytePath[]> {
  if (/[\r\n]/.test(pattern)) {
    throw new InputError(`the path ${JSON.stringify(pattern)} has a pattern and a line break`, {
      hint: 'write ? for the line break',
    })
  }
  const { targetsFromPatterns } = await import('@hikae/engine')
  // As a line of a list: neither a comment nor a blank at its end.
  const line = `${pattern.startsWith('/') ? '' : './'}${pattern.replace(/\s$/, '[$&]')}`
  const { targets } = targetsFromPatterns({ name: 'paths', content: Buffer.from(line) }, bytePath(folder))
  return targets
    .filter((target) => parseBesideName(nameOf(target)) === undefined && !splitKeptName(nameOf(target)))
    .map((target) => absolute(target, bytePath(folder)))
}

function absolute(path: BytePath, folder: BytePath): BytePath {
  // POSIX rules are about slashes and dots only, whatever the other bytes mean.
  return resolve(folder, path)
}

async function exists(path: BytePath): Promise<boolean> {
  return lookAt(path).then(
    (found) => found !== undefined,
    () => false,
  )
}
