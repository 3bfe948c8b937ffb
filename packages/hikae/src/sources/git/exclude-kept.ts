import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../errors.ts'

/** As a pattern of git. */
const KEPT = '/.git.before-*'

/** A repository that was replaced stays among the files: nobody is to commit it by mistake. */
export async function excludeKept(repository: string): Promise<void> {
  const file = join(repository, 'info/exclude')
  const lines = (await textOf(file)).split('\n')
  if (lines.includes(KEPT)) return
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, [...lines.filter((line, at) => line !== '' || at < lines.length - 1), KEPT, ''].join('\n'))
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return ''
    throw error
  }
}
