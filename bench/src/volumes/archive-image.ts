import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram, runOk, type TestDocker } from '@hikae/testkit'

const wanted = ['bash', 'tar', 'gzip', 'pigz']

export interface ArchiveImage {
  readonly image: string
  /** Those of bash, tar, gzip and pigz that this machine has. */
  readonly programs: readonly string[]
}

/** Makes an image of the machine's own programs: those of BusyBox are slower, and those of other images cannot be pulled. */
export async function importImage(docker: TestDocker, directory: string): Promise<ArchiveImage> {
  const root = join(directory, 'image')
  const programs: string[] = []
  for (const name of wanted) {
    const file = await findProgram(name)
    if (file === undefined) continue
    programs.push(name)
    copy(file, join(root, 'bin', name))
    for (const library of await librariesOf(file)) copy(library, join(root, library))
  }
  const archive = join(directory, 'image.tar')
  await runOk('tar', ['-cf', archive, '-C', root, '.'])
  const image = 'bench/archive:1'
  await docker.docker('import', archive, image)
  rmSync(archive)
  rmSync(root, { recursive: true })
  return { image, programs }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

/** With the loader, as the program names them. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await runOk('ldd', [file])
  return [...stdout.matchAll(/\s(\/\S+) \(0x/g)].map(([, path]) => path!)
}
