import { killable, makeTempDir, runProcess, type TempDir } from '@hikae/testkit'

/**
 * Runs a script once for each change that it makes in a folder, which is its argument, and ends it there by SIGKILL.
 *
 * @param prepare fills the folder, anew for each run
 * @returns the folders, as they were left
 */
export async function* killedEverywhere(
  script: string,
  prepare: (dir: TempDir) => Promise<void>,
): AsyncGenerator<TempDir> {
  for (let at = 1; ; at++) {
    await using dir = await makeTempDir()
    await prepare(dir)
    const args = ['-C', '@hikae/source', '--input-type=module-typescript', '--eval', script, dir.path]
    const { signal, exitCode, stderr } = await runProcess('node', args, {
      env: killable({ folder: dir.path, at }),
    })
    if (exitCode === 0 && at > 1) return
    if (signal !== 'SIGKILL') throw new Error(`the program ended with ${exitCode}: ${stderr}`)
    yield dir
  }
}
