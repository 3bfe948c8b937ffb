import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, runOk, runProcess, type TestDocker } from '@hikae/testkit'

const built = fileURLToPath(new URL('../../../.cache/archiver/archiver', import.meta.url))

/** What archives are made with, and how to get it when it is not here. */
export const archivePrograms = { pigz: 'Debian package pigz', archiver: 'script/build-archiver' } as const
export type ArchiveProgram = keyof typeof archivePrograms

export interface ArchiveImage {
  readonly image: string
  /** Which of the programs are in it; bash, tar and gzip always are. */
  readonly programs: readonly ArchiveProgram[]
}

/** Makes an image of the machine's own programs: those of BusyBox are slower, and those of other images cannot be pulled. */
export async function importImage(docker: TestDocker, directory: string): Promise<ArchiveImage> {
  const work = join(directory, 'image')
  const root = join(work, 'root')
  for (const name of ['bash', 'tar', 'gzip']) await add(root, name, await findProgram(name))
  const optional = { pigz: await findProgram('pigz'), archiver: existsSync(built) ? built : undefined }
  const programs: ArchiveProgram[] = []
  for (const name of ['pigz', 'archiver'] as const) {
    if (optional[name] === undefined) continue
    await add(root, name, optional[name])
    programs.push(name)
  }
  const archive = join(work, 'image.tar')
  await runOk('tar', ['-cf', archive, '-C', root, '.'])
  const image = 'bench/archive:1'
  await docker.docker('import', archive, image)
  rmSync(work, { recursive: true })
  return { image, programs }
}

/** With the libraries that it needs and their loader, at the places that it names. */
async function add(root: string, name: string, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error(`${name} is not on PATH`)
  copy(file, join(root, 'bin', name))
  for (const library of await librariesOf(file)) copy(library, join(root, library))
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

/** None when it needs none, which `ldd` takes for a failure. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await runProcess('ldd', [file])
  return [...stdout.matchAll(/\s(\/\S+) \(0x/g)].map(([, path]) => path!)
}
