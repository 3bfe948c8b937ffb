import { chmod, chown, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { madeOnce } from '../made-once.ts'
import { runOk } from '../run-process.ts'
import type { ServiceUser } from '../service-user.ts'
import { makeTempDir } from '../temp-dir.ts'

export interface Superuser {
  readonly user: string
  readonly password: string
}

/** The data folder of a new cluster, to be copied: `initdb` would take longer than all the rest of a start. */
export async function clusterTemplate(binDir: string, owner: ServiceUser, superuser: Superuser): Promise<string> {
  const { stdout: version } = await runOk(join(binDir, 'postgres'), ['--version'])
  const arguments_ = [
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    `--username=${superuser.user}`,
  ]
  const ingredients = [binDir, version, `${owner.uid}`, superuser.password, ...arguments_]
  return await madeOnce(`postgres-${basename(dirname(binDir))}-cluster`, ingredients, async (path) => {
    // The owner may have no way into the folder of the checkout.
    await using dir = await makeTempDir()
    await chmod(dir.path, 0o711)
    const [data, secret] = [dir.join('data'), dir.join('password')]
    await writeFile(secret, superuser.password, { mode: 0o600 })
    await chown(secret, owner.uid, owner.gid)
    await runOk('install', ['-d', '-m', '700', '-o', `${owner.uid}`, '-g', `${owner.gid}`, data])
    const [program, ...args] = [...owner.command, join(binDir, 'initdb'), ...arguments_]
    await runOk(program!, [...args, `--pgdata=${data}`, `--pwfile=${secret}`], { cwd: '/' })
    await runOk('cp', ['-a', data, path])
  })
}
