import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { namedRepository } from '../repositories/named-repository.ts'
import { findStackFile } from './find.ts'
import { loadStack } from './load.ts'
import { ConfigError } from './problem.ts'

const test = base.extend<{ folder: string; load: (text: string, env?: Record<string, string>) => Promise<unknown> }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'hikae-config-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  load: async ({ folder }, use) => {
    await use(async (text, env = {}) => {
      const file = join(folder, 'hikae.yaml')
      await writeFile(file, text)
      return loadStack(file, env)
    })
  },
})

const GOOD = `version: 1
stack: shop
repositories:
  usb:
    local: backup
    disk: { uuid: 0a3c, mount: /mnt/backup }
    password: { file: password }
  offsite:
    s3: { endpoint: "https://s3.example.com", bucket: backups, prefix: /hikae/, storageClass: STANDARD_IA, accessKeyId: { env: KEY } }
    password: { command: [pass, show, hikae] }
    location: { media: object-storage, site: cloud }
    limits: { upload: 2M }
  nas:
    sftp: backup@nas:/srv/hikae
    password: { env: NAS }
  cloud:
    rclone: drive:hikae
    password: { env: NAS }
  office:
    rest: { url: "https://office.example.com:8000/shop", user: { env: U }, password: { file: rest } }
    password: { env: NAS }
`

describe('a stack file', () => {
  test('names repositories of every kind', async ({ load, folder, expect }) => {
    const stack = (await load(GOOD)) as Awaited<ReturnType<typeof loadStack>>
    expect(stack.warnings).toEqual([])
    expect(namedRepository(stack, 'usb')).toMatchObject({
      place: { kind: 'local', path: join(folder, 'backup'), disk: { uuid: '0a3c', mount: '/mnt/backup' } },
      password: { kind: 'file', path: join(folder, 'password') },
    })
    expect(namedRepository(stack, 'offsite')).toMatchObject({
      place: {
        kind: 's3',
        endpoint: 'https://s3.example.com',
        bucket: 'backups',
        prefix: 'hikae',
        storageClass: 'STANDARD_IA',
        accessKeyId: { kind: 'env', name: 'KEY' },
      },
      password: { kind: 'command', command: ['pass', 'show', 'hikae'] },
      domain: { media: 'object-storage', site: 'cloud' },
      limits: { upload: 2 * 1024 * 1024 },
    })
    expect(namedRepository(stack, 'nas')?.place).toEqual({
      kind: 'sftp',
      user: 'backup',
      host: 'nas',
      path: '/srv/hikae',
    })
    expect(namedRepository(stack, 'cloud')?.place).toEqual({ kind: 'rclone', remote: 'drive:hikae' })
    expect(namedRepository(stack, 'office')?.place).toEqual({
      kind: 'rest',
      url: 'https://office.example.com:8000/shop/',
      user: { kind: 'env', name: 'U' },
      password: { kind: 'file', path: join(folder, 'rest') },
    })
    expect(namedRepository(stack, 'toString')).toBeUndefined()
  })

  test('shows all that is wrong with it at once, with line, column and the nearest right key', async ({
    load,
    expect,
  }) => {
    const text = `version: 2
repositories:
  usb:
    locl: /mnt/backup
    password: { file: /etc/password }
  offsite:
    s3: { bucket: b, regoin: auto }
  both:
    local: /a
    rclone: r:b
    password: { fiel: x }
  bad name!:
    local: /x
    password: { env: P }
`
    const error = (await load(text).catch((error: unknown) => error)) as ConfigError
    expect(error).toBeInstanceOf(ConfigError)
    const found = error.problems.map(({ line, column, at, message }) => `${line}:${column} ${at}: ${message}`)
    expect(found).toContain('1:1 version: this version of Hikae reads version: 1')
    expect(found).toContain("4:5 repositories.usb.locl: there is no key 'locl' here; did you mean local?")
    expect(found).toContain("7:22 repositories.offsite.s3.regoin: there is no key 'regoin' here; did you mean region?")
    expect(found).toContain('6:3 repositories.offsite.password: this is missing')
    expect(found.join('\n')).toContain("11:17 repositories.both.password.fiel: there is no key 'fiel' here")
    expect(found.join('\n')).toContain('12:3 repositories.bad name!: a name has letters')
  })

  test('says in what places a repository may lie', async ({ load, expect }) => {
    const none = 'version: 1\nrepositories: { a: { password: { env: P } } }'
    await expect(load(none)).rejects.toThrow('a repository lies in one of local, s3, sftp, rest, rclone: none is there')
    const two = 'version: 1\nrepositories: { a: { local: /x, rclone: "a:b", password: { env: P } } }'
    await expect(load(two)).rejects.toThrow('there are local and rclone')
  })

  test('that is no YAML is refused with the place', async ({ load, expect }) => {
    await expect(load('version: 1\n  repositories: [')).rejects.toThrow(/hikae\.yaml:2:\d+: /)
  })

  test('takes values from the environment, and names all that is not there', async ({ load, expect }) => {
    const text = `version: 1
repositories:
  a: { local: "\${BASE}/a", password: { env: P } }
  b: { local: "\${NOWHERE}/b", password: { env: P } }
  c: { local: "\${NOWHERE:-/mnt}/c$$", password: { env: P } }
`
    await expect(load(text, { BASE: '/x' })).rejects.toThrow(
      /hikae\.yaml:4:\d+: repositories\.b\.local: the variable NOWHERE is not set$/,
    )
    const stack = (await load(text, { BASE: '/x', NOWHERE: '/y' })) as Awaited<ReturnType<typeof loadStack>>
    expect(namedRepository(stack, 'a')?.place).toMatchObject({ path: '/x/a' })
    expect(namedRepository(stack, 'c')?.place).toMatchObject({ path: '/y/c$' })
  })

  test('a password that stands in it works, with a warning', async ({ load, expect }) => {
    const stack = await load('version: 1\nrepositories: { a: { local: /x, password: hunter2 } }')
    expect(stack).toMatchObject({ warnings: [{ line: 2, at: 'repositories.a.password' }] })
    expect(JSON.stringify((stack as { warnings: unknown }).warnings)).not.toContain('hunter2')
  })

  test('that is named is not looked for elsewhere', async ({ folder, expect }) => {
    const named = join(folder, 'other.yaml')
    expect(await findStackFile(named, {})).toBe(named)
    expect(await findStackFile(undefined, { HIKAE_CONFIG: named })).toBe(named)
    await expect(loadStack(named, {})).rejects.toThrow('cannot read the stack file')
  })
})
