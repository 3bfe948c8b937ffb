import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOk } from '../run-process.ts'

/** What every test image stands on: BusyBox for everything, and users for the servers that others add. */
export const BASE_IMAGE = 'test/base:1'

const BUSYBOX = '/bin/busybox'
const FOLDERS = [
  'usr/bin',
  'usr/sbin',
  'usr/lib',
  'etc',
  'tmp',
  'var/tmp',
  'var/lib',
  'run',
  'root',
  'proc',
  'sys',
  'dev',
]
const LINKS = ['bin', 'sbin', 'lib']
/** BusyBox linked to itself would be a circle; the others are not wanted in a container. */
const LEFT_OUT = new Set(['busybox', 'halt', 'poweroff', 'reboot', 'init', 'dpkg', 'dpkg-deb', 'rpm'])
const USERS = ['root:0', 'nobody:65534', 'postgres:999', 'mysql:998', 'redis:997']

const DOCKERFILE = `FROM scratch
ADD fs.tar /
ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin LANG=C.UTF-8
CMD ["sh"]
`

/** Makes the folder that {@link BASE_IMAGE} is built from: 2 MB. */
export async function makeBaseContext(folder: string): Promise<void> {
  const root = join(folder, 'root')
  for (const name of FOLDERS) await mkdir(join(root, name), { recursive: true })
  for (const name of LINKS) await symlink(`usr/${name}`, join(root, name))
  for (const name of ['tmp', 'var/tmp']) await chmod(join(root, name), 0o1777)
  await copyFile(BUSYBOX, join(root, 'usr/bin/busybox'))
  const { stdout } = await runOk(BUSYBOX, ['--list'])
  const applets = stdout.split('\n').filter((name) => name !== '' && !LEFT_OUT.has(name))
  for (const name of applets) await symlink('busybox', join(root, 'usr/bin', name))
  const lines = USERS.map((user) => user.split(':') as [string, string])
  await writeFile(join(root, 'etc/passwd'), lines.map(([name, id]) => `${name}:x:${id}:${id}::/:/bin/sh\n`).join(''))
  await writeFile(join(root, 'etc/group'), lines.map(([name, id]) => `${name}:x:${id}:\n`).join(''))
  await runOk('tar', ['-C', root, '--sort=name', '--mtime=@1700000000', '-cf', join(folder, 'fs.tar'), '.'])
  await runOk('rm', ['-rf', root])
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE)
}
