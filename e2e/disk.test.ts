import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  makeLoopDisk,
  makeTempDir,
  missingPrograms,
  runOk,
  runProcess,
  skipBecause,
  whyNoLoopDisk,
  type LoopDisk,
  type TempDir,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { makeFiles } from './fixtures.ts'
import { Hikae, jsonLines, PROGRAM } from './hikae.ts'

const noDisk = skipBecause(await whyNoLoopDisk())
const noTerminal = skipBecause(await missingPrograms('script'))
/** Where the system is on layers of a container, none of its disks is known. */
const root = noDisk ? '' : await rootDevice()
const noRootDisk = !root.startsWith('/dev/')
const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
/** A checkout in root's own folder can be run by nobody else. */
const rootOnly = noDisk || (await runProcess('setpriv', [...nobody, 'test', '-r', PROGRAM])).exitCode !== 0
const MIB = 1024 * 1024
const TABLE = '# the table of a machine\n'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `options` keep `disk prepare` away from the table and the folders of this machine. */
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await writeFile(dir.join('fstab'), TABLE)
    return dir
  })
  .extend('hikae', ({ dir }) => new Hikae({ cwd: dir.path }))
  .extend('options', ({ dir }) => ['--fstab', dir.join('fstab'), '--mount', dir.join('mnt')])
  .extend('disk', async ({}, { onCleanup }) => {
    const disk = await makeLoopDisk()
    onCleanup(() => disk[Symbol.asyncDispose]())
    return disk
  })
// oxlint-enable no-empty-pattern

interface Case {
  readonly name: string
  /** Makes what is to be refused. @returns the arguments */
  readonly make: (dir: TempDir, disk: LoopDisk) => Promise<string[]>
  readonly says: RegExp
  readonly exitCode?: number
}

const REFUSED: readonly Case[] = [
  { name: 'a path that does not exist', make: async () => ['/dev/no-such-disk'], says: /no such file[^]*disk list/ },
  {
    name: 'a file',
    make: async (dir) => [dir.join('fstab')],
    says: /is not a disk that can be prepared: it is no block device/,
  },
  {
    name: 'a disk with a file system',
    make: async (_, disk) => [...(await formatted(disk, 'mkfs.ext4', '-q', '-L', 'photos'))],
    says: /is not empty: it holds ext4 "photos" \(.*\)\nnext: .*--erase-uuid [0-9a-f-]{36}/,
  },
  {
    name: 'a disk with swap space',
    make: async (_, disk) => await formatted(disk, 'mkswap'),
    says: /is not empty: it holds swap \(.*\)/,
  },
  {
    name: 'an encrypted disk',
    make: async (_, disk) => await written(disk, 0, Buffer.from('4c554b53babe0001', 'hex')),
    says: /is not empty: it holds crypto_LUKS/,
  },
  {
    name: 'a disk with a partition table',
    make: async (_, disk) => await written(disk, 446, partitionTable()),
    says: /is not empty: it holds dos/,
  },
  {
    name: 'a disk that is mounted, though it may be erased',
    make: async (_, disk) => {
      await formatted(disk, 'mkfs.ext4', '-q')
      // A writable file system writes to its device by itself, while the content is compared.
      await runOk('mount', ['-o', 'ro', disk.device, disk.mountPoint])
      return [disk.device, '--erase-uuid', (await disk.uuid())!]
    },
    says: /is in use: mounted at .*\/mounted\nnext: unmount it first: umount/,
  },
  {
    name: 'another serial number',
    make: async (_, disk) => [disk.device, '--erase-serial', '4C53'],
    says: /is not the disk that may be erased: its serial number is not known, not 4C53\nnext: .*disk list/,
  },
  {
    name: 'another UUID',
    make: async (_, disk) => [...(await formatted(disk, 'mkfs.ext4', '-q')), '--erase-uuid', '1234'],
    says: /is not the disk that may be erased: nothing on it has the UUID 1234/,
  },
  {
    name: 'a mount point with files in it',
    make: async (dir, disk) => {
      await makeFiles(dir.join('mnt'), { precious: 'data' })
      return [disk.device]
    },
    says: /mnt cannot be the mount point: it holds precious, which would be hidden/,
  },
  {
    name: 'a mount point of another disk',
    make: async (dir, disk) => {
      await writeFile(dir.join('fstab'), `LABEL=other ${dir.join('mnt')}/ ext4 defaults 0 2\n`)
      return [disk.device]
    },
    says: /fstab has a line for .*mnt already, for LABEL=other/,
  },
  {
    name: 'a disk that the table mounts elsewhere',
    make: async (dir, disk) => {
      await writeFile(dir.join('fstab'), `${disk.device} /elsewhere ext4 defaults 0 2\n`)
      return [disk.device]
    },
    says: /fstab has a line for \/dev\/loop\d+ already, at \/elsewhere/,
  },
  {
    name: 'a label that is too long',
    make: async (_, disk) => [disk.device, '--label', 'seventeen letters'],
    says: /cannot be the label/,
    exitCode: 2,
  },
  {
    name: 'a mount point without its full path',
    make: async (_, disk) => [disk.device, '--mount', 'mnt'],
    says: /'mnt' cannot be the mount point/,
    exitCode: 2,
  },
  {
    name: 'going on without being asked',
    make: async (_, disk) => [disk.device, '--no-yes'],
    says: /nothing was done: nobody can be asked\nnext: .*--yes/,
    exitCode: 2,
  },
]

async function rootDevice(): Promise<string> {
  return (await runOk('findmnt', ['--noheadings', '--nofsroot', '--output', 'SOURCE', '/'])).stdout.trim()
}

async function formatted({ device }: LoopDisk, program: string, ...args: string[]): Promise<string[]> {
  await runOk(program, [...args, device])
  return [device]
}

async function written({ device }: LoopDisk, position: number, bytes: Uint8Array): Promise<string[]> {
  const file = await open(device, 'r+')
  await file.write(bytes, 0, bytes.length, position)
  await file.sync()
  await file.close()
  return [device]
}

/** The end of a first sector: one partition of Linux from sector 2048 on. */
function partitionTable(): Buffer {
  const table = Buffer.alloc(66)
  table[4] = 0x83
  table.writeUInt32LE(2048, 8)
  table.writeUInt32LE(100_000, 12)
  table.writeUInt16LE(0xaa55, 64)
  return table
}

async function contentOf({ device }: LoopDisk): Promise<string> {
  return (await runOk('sha256sum', [device])).stdout
}

describe.skipIf(noDisk)('hikae disk prepare', () => {
  test.for(REFUSED)('refuses $name, and changes nothing', async (refused, { dir, disk, hikae, options, expect }) => {
    const { make, says, exitCode = 1 } = refused
    const args = await make(dir, disk)
    const before = [await contentOf(disk), await readFile(dir.join('fstab'), 'utf8')]
    const consent = args.includes('--no-yes') ? [] : ['--yes']
    const command = ['disk', 'prepare', ...options, ...consent, ...args.filter((arg) => arg !== '--no-yes')]
    const result = await hikae.run(command)
    expect(result).toMatchObject({ exitCode, stderr: expect.stringMatching(says) as string })
    expect([await contentOf(disk), await readFile(dir.join('fstab'), 'utf8')]).toEqual(before)
  })

  test.skipIf(noRootDisk)(
    'refuses the disk of the system, though it may be erased',
    async ({ hikae, options, expect }) => {
      const ofSystem = /belongs to the disk that this machine runs from\nnext: choose another disk/
      for (const consent of [[], ['--erase-uuid', '1'], ['--erase-serial', '2', '--yes']]) {
        const { exitCode, stderr } = await hikae.run(['disk', 'prepare', root, ...options, ...consent])
        expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(ofSystem) as string })
      }
    },
  )

  test('refuses a disk that is too small, and one that cannot be written to', async ({ hikae, options, expect }) => {
    await using small = await makeLoopDisk({ sizeBytes: 8 * MIB })
    await using locked = await makeLoopDisk({ readOnly: true })
    const prepare = async ({ device }: LoopDisk) =>
      (await hikae.run(['disk', 'prepare', device, ...options, '--yes'])).stderr
    expect(await prepare(small)).toMatch(/has 8388608 bytes, at least \d+ are needed/)
    expect(await prepare(locked)).toMatch(/cannot be written to\nnext: .*write-protect/)
  })

  test.skipIf(rootOnly)('says so when it is not run by root', async ({ disk, options, expect }) => {
    const args = [...nobody, PROGRAM, 'disk', 'prepare', disk.device, ...options]
    const env = { HOME: '/nonexistent', XDG_CACHE_HOME: undefined }
    const { exitCode, stderr } = await runProcess('setpriv', args, { env })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/only root may .*\nnext: run `sudo hikae disk prepare \/dev\/loop/) as string,
    })
  })

  test('with --dry-run shows the plan and does nothing', async ({ dir, disk, hikae, options, expect }) => {
    const before = await contentOf(disk)
    const { stdout } = await hikae.ok(['disk', 'prepare', disk.device, ...options, '--label', 'usb', '--dry-run'])
    expect(stdout).toContain(`1. make an ext4 file system on the whole of ${disk.device}: label usb, UUID `)
    expect(stdout).toContain(`2. make the folder ${dir.join('mnt')}`)
    expect(stdout).toMatch(/3\. add to .*fstab: UUID=[0-9a-f-]{36} .*mnt ext4 .*nofail,x-systemd\.device-timeout=/)
    expect(stdout).toContain(`4. mount it at ${dir.join('mnt')}`)
    expect(await contentOf(disk)).toBe(before)
    expect(await readFile(dir.join('fstab'), 'utf8')).toBe(TABLE)
  })

  test('makes a disk on which a repository can be made, once', async ({ dir, disk, hikae, options, expect }) => {
    const { stdout } = await hikae.ok(['disk', 'prepare', disk.device, ...options, '--label', 'usb', '--yes'])
    const uuid = (await disk.uuid())!
    const mount = dir.join('mnt')
    expect(stdout).toContain(`disk: { uuid: ${uuid}, mount: "${mount}" }`)
    expect(stdout).toContain(`hikae init --repo ${mount}/hikae`)
    const table = await readFile(dir.join('fstab'), 'utf8')
    expect(table.split('\n').filter((line) => line.includes(uuid))).toHaveLength(1)
    expect(table.startsWith(TABLE)).toBe(true)
    await runOk('findmnt', ['--verify', '--tab-file', dir.join('fstab')])

    const repository = hikae.with({ repository: join(mount, 'hikae') })
    await repository.initCheaply()
    await makeFiles(dir.join('tree'), { file: 'content' })
    await repository.backup(['tree'])
    const disks = await hikae.document<Record<string, unknown>[]>(['disk', 'list'])
    expect(disks.find(({ device }) => device === disk.device)).toMatchObject({
      file_system: 'ext4',
      label: 'usb',
      uuid,
      mounts: [mount],
      system: false,
      prepared_at: expect.stringMatching(/^\d{4}-/) as string,
      repositories: [join(mount, 'hikae')],
    })

    const again = await hikae.ok(['disk', 'prepare', disk.device, ...options, '--label', 'usb'])
    expect(again.stdout).toContain('is already prepared')
    await disk.unmountLazily(mount)
    const messages = await hikae.messages(['disk', 'prepare', disk.device, ...options, '--label', 'usb', '--yes'])
    expect(messages.map(({ message_type, step }) => step ?? message_type)).toEqual(['plan', 'mount', 'prepared'])
    expect(await readFile(dir.join('fstab'), 'utf8')).toBe(table)
    expect(await repository.snapshots()).toHaveLength(1)
  })

  test.skipIf(noTerminal).for([
    ['yes', 0, 'is prepared: mounted at'],
    ['y', 130, 'nothing was done'],
    ['', 130, 'nothing was done'],
  ] as const)(
    'asks on a terminal, where the answer is "%s"',
    async ([answer, exitCode, says], { disk, options, expect }) => {
      const line = [PROGRAM, 'disk', 'prepare', disk.device, ...options].map((word) => `'${word}'`).join(' ')
      const result = await runProcess('script', ['-qec', line, '/dev/null'], { input: `${answer}\n` })
      expect(result).toMatchObject({ exitCode, stdout: expect.stringContaining(says) as string })
      expect(result.stdout).toContain(`Prepare ${disk.device}? Type yes to go on:`)
      expect((await disk.uuid()) !== undefined).toBe(answer === 'yes')
    },
  )

  test('erases a disk that is named by a UUID on it', async ({ disk, hikae, options, expect }) => {
    const [device = ''] = await formatted(disk, 'mkfs.ext4', '-q', '-L', 'old')
    const old = (await disk.uuid())!
    const { stdout } = await hikae.ok(['disk', 'prepare', device, ...options, '--erase-uuid', old, '--yes'])
    expect(stdout).toContain(`1. ERASE ${device}, with ext4 "old" (${old})`)
    expect(await disk.uuid()).not.toBe(old)
  })

  test('--json tells the plan before anything is done', async ({ disk, hikae, options, expect }) => {
    const { exitCode, stdout } = await hikae.run(['--json', 'disk', 'prepare', disk.device, ...options])
    expect(exitCode).toBe(2)
    expect(jsonLines(stdout)).toMatchObject([
      {
        message_type: 'plan',
        device: disk.device,
        size: 64 * MIB,
        holds: [],
        steps: ['format', 'make-mount-point', 'add-to-fstab', 'mount'].map((kind) => ({ kind })),
      },
    ])
    expect(await disk.uuid()).toBe(undefined)
  })
})

describe.skipIf(noDisk)('hikae disk list', () => {
  test('shows the disks of others, and those of the system only with --all', async ({ disk, hikae, expect }) => {
    await formatted(disk, 'mkfs.ext4', '-q', '-L', 'photos')
    await disk.mount()
    await mkdir(join(disk.mountPoint, 'DCIM'))
    const { stdout } = await hikae.ok(['disk', 'list'])
    const row = stdout.split('\n').find((line) => line.startsWith(`${disk.device} `))
    expect(row?.split(/ {2,}/).slice(0, 6)).toEqual([
      disk.device,
      '64.0 MiB',
      'ext4',
      'photos',
      await disk.uuid(),
      disk.mountPoint,
    ])
    if (noRootDisk) return
    expect(stdout).not.toMatch(new RegExp(`^${root} `, 'm'))
    expect((await hikae.ok(['disk', 'list', '--all'])).stdout).toMatch(new RegExp(`^${root} .* system`, 'm'))
  })
})
