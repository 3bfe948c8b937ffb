import { mkdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { runOk, runProcess } from '../run-process.ts'

/**
 * Copies files and folders of this machine to the same places below `root`, links as what they lead to, and with them the
 * libraries that programs among them need.
 */
export async function copyProgramFiles(
  root: string,
  { programs, others = [] }: { programs: readonly string[]; others?: readonly string[] },
): Promise<void> {
  for (const path of [...programs, ...others]) await copyTo(root, path)
  for (const library of await librariesOf(programs)) await copyTo(root, library)
}

async function copyTo(root: string, path: string): Promise<void> {
  // By the real name of the folder: in an image, /lib is a link, which a folder of that name would replace.
  const folder = join(root, await realpath(dirname(path)))
  await mkdir(folder, { recursive: true })
  await runOk('cp', ['-rL', '--preserve=mode,timestamps', path, join(folder, basename(path))])
}

async function librariesOf(programs: readonly string[]): Promise<string[]> {
  // What is no program of the dynamic linker's makes it fail; the others are listed all the same.
  const { stdout } = await runProcess('ldd', programs)
  const found = [...stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+)/gm)].map(([, path]) => path!)
  return [...new Set(found)].toSorted()
}
