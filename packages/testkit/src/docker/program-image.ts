import { mkdir, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestDocker } from '../docker-engine.ts'
import { exists } from '../made-once.ts'
import { runOk } from '../run-process.ts'
import { makeTempDir } from '../temp-dir.ts'
import { makeBaseContext } from './base-image.ts'
import { copyProgramFiles } from './program-files.ts'

export interface ProgramImage {
  readonly tag: string
  /** Of this machine. */
  readonly program: string
  /** Where it is to be in the image, from its root. */
  readonly place: string
  /** What it is run with; a shell by default. */
  readonly command?: readonly string[]
}

/**
 * Gives an engine an image of one program of this machine, with the libraries that it needs, beside what the base image
 * has. In one layer, without the builder: that takes a third of the time for a large one.
 */
export async function addProgramImage(
  { docker }: Pick<TestDocker, 'docker'>,
  { tag, program, place, command = ['sh'] }: ProgramImage,
): Promise<void> {
  await using dir = await makeTempDir()
  await makeBaseContext(dir.path)
  const [archive, files, added] = [dir.join('fs.tar'), dir.join('files'), dir.join('added')]
  await copyProgramFiles(added, { programs: [program] })
  if (join('/', place) !== program) await move(added, program, place)
  // Where the linker lies on some processors.
  if (await exists(join(added, 'usr/lib64'))) await symlink('usr/lib64', join(added, 'lib64'))
  await mkdir(files)
  await runOk('tar', ['-C', files, '-xf', archive])
  await runOk('cp', ['-a', '--link', `${added}/.`, files])
  await runOk('tar', ['-C', files, '-cf', archive, '.'])
  const changes = [
    'ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin LANG=C.UTF-8',
    `CMD ${JSON.stringify(command)}`,
  ]
  await docker('import', ...changes.flatMap((change) => ['--change', change]), archive, tag)
}

async function move(root: string, from: string, to: string): Promise<void> {
  await mkdir(dirname(join(root, to)), { recursive: true })
  await rename(join(root, from), join(root, to))
  await runOk('rmdir', ['--parents', '--ignore-fail-on-non-empty', join('.', dirname(from))], { cwd: root })
}
