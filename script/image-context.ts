// Makes the folder that the image of Hikae is built from: node script/image-context.ts FOLDER
// The program and the packages that it needs to run, as package-lock.json has them and node_modules of this checkout holds
// them; for this machine's processor. The Node of the base image runs it.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'

interface LockedPackage {
  readonly link?: boolean
  readonly resolved?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Only for compilers, for installing, or instead of the base image's Node. */
const NOT_TO_RUN =
  /(?:^|\/)node_modules\/(?:@types\/.*|undici-types|cpu-features|nan|buildcheck|node-linux-(?:x64|arm64))$/
/** Of packages, what no running program reads. */
const NOT_READ = /\.(?:d\.[cm]?ts|[cm]?ts|map|test\.(?:\w+\.)?js|md|markdown)$|\.tsbuildinfo$/
const LICENCES = /^(?:licen[cs]e|notice|copying)/i
const NOT_ENTERED = new Set(['dist-types'])
const PROGRAM = 'packages/hikae'

const root = join(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>
}

function refuse(why: string): never {
  console.error(`image-context: ${why}`)
  process.exit(1)
}

/** As Node looks for it: beside the package, then beside each folder above. */
function findPackage(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = posix.dirname(folder)) {
    const path = posix.join(folder === '.' ? '' : folder, 'node_modules', name)
    if (packages[path]) return path
    if (folder === '.') return undefined
  }
}

function fits({ os, cpu }: LockedPackage): boolean {
  return (os?.includes('linux') ?? true) && (cpu?.includes(process.arch) ?? true)
}

/** Paths of a package and of all that it needs when it runs. */
function closureOf(path: string, found = new Set<string>()): Set<string> {
  const locked = packages[path]
  if (!locked || found.has(path) || !fits(locked) || NOT_TO_RUN.test(path)) return found
  found.add(path)
  if (locked.link) return closureOf(locked.resolved!, found)
  for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) {
    const needed = findPackage(path, name)
    if (needed !== undefined) closureOf(needed, found)
    else if (!(name in (locked.optionalDependencies ?? {}))) refuse(`package-lock.json has no ${name} for ${path}`)
  }
  return found
}

function copyFolder(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      const name = basename(path)
      // Packages inside of packages are in the list themselves.
      return path === from || (name !== 'node_modules' && !NOT_ENTERED.has(name) && isRead(name))
    },
  })
}

function isRead(name: string): boolean {
  return LICENCES.test(name) || !NOT_READ.test(name)
}

/** Of our own packages, what npm publishes. */
function copyOwn(path: string, to: string): void {
  for (const name of ['package.json', 'LICENSE', 'bin', 'dist', 'wasm']) {
    if (existsSync(join(root, path, name))) copyFolder(join(root, path, name), join(to, name))
  }
}

const [target] = process.argv.slice(2)
if (target === undefined) refuse('into which folder? node script/image-context.ts FOLDER')
if (!existsSync(join(root, PROGRAM, 'dist/cli/main.js'))) refuse('nothing is built yet: run script/bootstrap')
const app = join(target, 'opt')
for (const path of closureOf(PROGRAM)) {
  const { link = false, resolved, optional = false }: LockedPackage = packages[path] ?? {}
  const to = join(app, path)
  mkdirSync(dirname(to), { recursive: true })
  if (link) symlinkSync(posix.relative(posix.dirname(path), resolved!), to)
  else if (path.startsWith('packages/') && !path.includes('/node_modules/')) copyOwn(path, to)
  else if (existsSync(join(root, path))) copyFolder(join(root, path), to)
  else if (!optional) refuse(`${path} is not installed: run script/bootstrap`)
}
const packaging = join(root, 'packaging/docker')
cpSync(join(packaging, 'Dockerfile'), join(target, 'Dockerfile'))
cpSync(join(packaging, 'entrypoint'), join(app, 'entrypoint'))
chmodSync(join(app, 'entrypoint'), 0o755)
