import { createServer } from 'node:net'
import { link, mkdir, open, rename, symlink, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { HOSTILE_NAMES } from './hostile-names.ts'
import { bytesOf, makeRandom, type Random } from './random.ts'
import { isRoot } from './requirements.ts'
import { ShellScript } from './shell-script.ts'

export interface HostileTreeOptions {
  readonly seed?: number | string
  /** `small` leaves out the files of megabytes; `full`, the default, makes about 75 MB. */
  readonly size?: 'small' | 'full'
}

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
/** Restic's smallest and largest chunk. */
const CHUNK_BOUNDARIES = [512 * KIBIBYTE, 8 * MEBIBYTE]

/** A tree in the making: content comes from Node, all that is special about entries from one script at the end. */
interface Making {
  readonly root: string
  readonly random: Random
  readonly size: 'small' | 'full'
  /** Modes, owners, attributes, devices. */
  readonly script: ShellScript
  /** Comes last, because making an entry changes the time of its folder. */
  readonly times: ShellScript
}

/**
 * Fills `root`, an empty folder, with everything that a backup can meet: all types of files (devices, owners and trusted
 * attributes only when run by root), all permission bits, times with nanoseconds and before 1970, hard links across
 * folders, links to nowhere, holes, attributes, access control lists, names of any bytes, and sizes around chunk
 * boundaries. The same options make the same tree, ctimes and inode numbers aside. Needs bash, setfattr and setfacl.
 */
export async function makeHostileTree(root: string, options: HostileTreeOptions = {}): Promise<void> {
  const making: Making = {
    root,
    random: makeRandom(options.seed ?? 1),
    size: options.size ?? 'full',
    script: new ShellScript(),
    times: new ShellScript(),
  }
  for (const part of [names, contents, holes, links, modes, times, attributes, specials, nesting]) await part(making)
  if (isRoot()) await owners(making)
  await making.script.run(root)
  await making.times.run(root)
}

async function names({ root, random }: Making): Promise<void> {
  for (const folder of ['names', 'names as folders', 'names as links']) await mkdir(join(root, folder))
  for (const name of HOSTILE_NAMES) {
    await writeFile(at(root, `names/${name}`), random.bytes(random.integer(0, 300)))
    await mkdir(at(root, `names as folders/${name}`))
    await writeFile(at(root, `names as folders/${name}/inside`), random.bytes(20))
    await symlink(Buffer.from(name, 'latin1'), at(root, `names as links/${name}`))
  }
}

async function contents({ root, random, size }: Making): Promise<void> {
  await mkdir(join(root, 'contents'))
  const sizes = [0, 1, 2, 63, 64, 65, 4095, 4096, 4097, 65_535, 65_536, 65_537]
  const largest = size === 'full' ? 9 * MEBIBYTE : MEBIBYTE
  for (const boundary of CHUNK_BOUNDARIES) {
    for (const near of [boundary - 1, boundary, boundary + 1]) if (near <= largest) sizes.push(near)
  }
  for (const bytes of sizes) {
    await writeFile(join(root, 'contents', `noise ${bytes}`), bytesOf(random.next(), bytes))
  }
  await writeFile(join(root, 'contents', 'zeros'), Buffer.alloc(largest))
  await writeFile(join(root, 'contents', 'ones'), Buffer.alloc(largest, 0xff))
  await writeFile(join(root, 'contents', 'text'), bytesOf(random.next(), largest, 'text'))
  const mixed = bytesOf(random.next(), largest, 'half')
  await writeFile(join(root, 'contents', 'mixed'), mixed)
  await writeFile(join(root, 'contents', 'mixed again'), mixed)
  await writeFile(join(root, 'contents', 'mixed, shifted'), Buffer.concat([Buffer.from('shift'), mixed]))
}

async function holes({ root, random }: Making): Promise<void> {
  await mkdir(join(root, 'holes'))
  const layouts: Record<string, { size: number; data: readonly number[] }> = {
    'only a hole': { size: 3 * MEBIBYTE, data: [] },
    'data in the middle': { size: 5 * MEBIBYTE + 123, data: [2 * MEBIBYTE + 7] },
    'data at the ends': { size: 4 * MEBIBYTE, data: [0, 4 * MEBIBYTE - 4096] },
    'hole at the end': { size: MEBIBYTE + 1, data: [0] },
  }
  for (const [name, { size, data }] of Object.entries(layouts)) {
    const file = await open(join(root, 'holes', name), 'wx')
    for (const position of data) await file.write(random.bytes(4096), 0, 4096, position)
    await file.truncate(size)
    await file.close()
  }
}

async function links({ root, random }: Making): Promise<void> {
  await mkdir(join(root, 'links', 'deeper'), { recursive: true })
  await mkdir(join(root, 'links elsewhere'))
  await writeFile(join(root, 'links', 'file'), random.bytes(1000))
  await link(join(root, 'links', 'file'), join(root, 'links', 'deeper', 'same file'))
  await link(join(root, 'links', 'file'), join(root, 'links elsewhere', 'same file'))
  await writeFile(join(root, 'links', 'empty'), '')
  await link(join(root, 'links', 'empty'), join(root, 'links elsewhere', 'same empty'))
  await symlink('file', join(root, 'links', 'to a file'))
  await link(join(root, 'links', 'to a file'), join(root, 'links elsewhere', 'same symlink'))
  const targets: Record<string, string> = {
    dangling: 'not/here',
    absolute: '/nonexistent/absolute',
    loop: 'loop',
    'to a folder': 'deeper/',
    'up and away': '../../../../../../etc/passwd',
    'not UTF-8': '\xff\xfe/\x80',
    'any bytes': 'a\nb"c\\d<>&\x01',
    long: `${'x'.repeat(200)}/`.repeat(20).slice(0, 4000),
  }
  for (const [name, target] of Object.entries(targets)) {
    await symlink(Buffer.from(target, 'latin1'), join(root, 'links', name))
  }
}

/** Every permission bit alone, common combinations, and all of them. */
async function modes({ root, random, script }: Making): Promise<void> {
  await mkdir(join(root, 'modes'))
  const alone = Array.from({ length: 12 }, (_, bit) => 1 << bit)
  const modes = [0, ...alone, 0o400, 0o555, 0o600, 0o640, 0o755, 0o777, 0o1777, 0o2775, 0o4755, 0o6711, 0o7777]
  for (const mode of new Set(modes)) {
    const octal = mode.toString(8).padStart(4, '0')
    // Only root can read what its owner may not.
    const readable = isRoot() ? mode : mode | 0o400
    await writeFile(join(root, 'modes', octal), random.bytes(10))
    script.add('chmod', readable.toString(8), `modes/${octal}`)
    await mkdir(join(root, 'modes', `folder ${octal}`))
    await writeFile(join(root, 'modes', `folder ${octal}`, 'inside'), octal)
    script.add('chmod', (isRoot() ? mode : mode | 0o500).toString(8).padStart(5, '0'), `modes/folder ${octal}`)
  }
}

async function times({ root, random, times }: Making): Promise<void> {
  await mkdir(join(root, 'times', 'old folder'), { recursive: true })
  const moments = {
    epoch: '0.000000000',
    'last nanosecond before': '-0.000000001',
    '1969': '-100.000000001',
    '1902': '-2147483648.5',
    'one nanosecond': '1700000000.000000001',
    'trailing zeros': '1700000000.120000000',
    'no fraction': '1700000000',
    'last of 2038': '2147483647.999999999',
    'after 2038': '4102444800.123456789',
  }
  for (const [name, moment] of Object.entries(moments)) {
    await writeFile(join(root, 'times', name), random.bytes(5))
    await symlink(name, join(root, 'times', `link ${name}`))
    times.add('touch', '--no-dereference', `--date=@${moment}`, `times/${name}`, `times/link ${name}`)
  }
  times.add('touch', '--date=@123456789.987654321', 'times/old folder', 'names')
}

async function attributes({ root, random, script }: Making): Promise<void> {
  await mkdir(join(root, 'attributes', 'folder'), { recursive: true })
  const set = (path: string, name: string, value: Uint8Array): void =>
    script.add('setfattr', '-h', '-n', name, '-v', `0x${Buffer.from(value).toString('hex')}`, `attributes/${path}`)
  for (const path of ['file', 'capable', 'listed']) await writeFile(join(root, 'attributes', path), random.bytes(9))
  for (const path of ['file', 'folder']) {
    set(path, 'user.text', Buffer.from('some text'))
    set(path, 'user.binary', Buffer.from([0, 1, 0xff, 0, 10]))
    set(path, 'user.empty', Buffer.alloc(0))
    set(path, `user.${Buffer.from('日本語').toString('latin1')}`, Buffer.from('x'))
    set(path, 'user.space = "quoted"', Buffer.from('x'))
  }
  set('file', 'user.long', random.bytes(1500))
  script.add('setfacl', '-m', 'u:1234:rw,g:4321:r,m::rw', 'attributes/listed')
  script.add('setfacl', '-m', 'u:1234:rwx', '-m', 'd:u:1234:rx,d:g:4321:-', 'attributes/folder')
  if (!isRoot()) return
  await symlink('file', join(root, 'attributes', 'link'))
  set('link', 'trusted.of the link', Buffer.from('not of its target'))
  set('file', 'trusted.of the file', Buffer.from('secret'))
  // cap_net_bind_service, as `setcap` writes it.
  set('capable', 'security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex'))
}

async function specials({ root, script }: Making): Promise<void> {
  await mkdir(join(root, 'specials'))
  script.add('mkfifo', '-m', '0640', 'specials/fifo')
  await makeSocket(join(root, 'specials'))
  if (!isRoot()) return
  script.add('mknod', '-m', '0660', 'specials/block', 'b', '7', '200')
  script.add('mknod', '-m', '0666', 'specials/character', 'c', '1', '3')
  script.add('mknod', '-m', '0600', 'specials/large numbers', 'c', '4095', '1048575')
  script.add('ln', 'specials/fifo', 'specials/same fifo')
}

/** Leaves a socket behind: it is moved away before its server would remove it. */
async function makeSocket(folder: string): Promise<void> {
  const server = createServer()
  server.listen(join(folder, 's'))
  await once(server, 'listening')
  await rename(join(folder, 's'), join(folder, 'socket'))
  server.close()
  await once(server, 'close')
}

async function nesting({ root, random }: Making): Promise<void> {
  await mkdir(join(root, 'nesting', 'empty', 'in', 'empty'), { recursive: true })
  const deep = Array.from({ length: 60 }, (_, level) => `level ${level}`)
  await mkdir(join(root, 'nesting', ...deep), { recursive: true })
  await writeFile(join(root, 'nesting', ...deep, 'bottom'), random.bytes(30))
  await mkdir(join(root, 'nesting', 'many'))
  for (let index = 0; index < 300; index++) {
    await writeFile(join(root, 'nesting', 'many', `file ${index}`), random.bytes(random.integer(0, 2000)))
  }
}

async function owners({ root, random, script }: Making): Promise<void> {
  await mkdir(join(root, 'owners', 'folder'), { recursive: true })
  const owners = ['0:0', '1:1', '1000:1000', '65534:65534', '54321:12345', '4294967294:4294967294']
  for (const owner of owners) {
    const name = owner.replace(':', ' ')
    await writeFile(join(root, 'owners', name), random.bytes(4))
    await symlink(name, join(root, 'owners', `link ${name}`))
    script.add('chown', '--no-dereference', owner, `owners/${name}`, `owners/link ${name}`)
  }
  // A change of owner clears the set-id bits, so they are set afterwards.
  script.add('chown', '1000:1000', 'owners/folder')
  script.add('chmod', '02770', 'owners/folder')
}

function at(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')])
}
