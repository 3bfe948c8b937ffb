// Adds to package-lock.json the per-platform packages that npm left out. A registry mirror may lack those of other
// platforms; npm then writes a lock file without them, which `npm ci` refuses. Their names and exact versions stand in
// the optionalDependencies of the packages that want them, so the entries can be made without the network.
// Run it after `npm install` has changed the lock file; prints how many entries were added.
import { readFileSync, writeFileSync } from 'node:fs'

interface LockedPackage {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/** What a name such as `@scope/binding-linux-arm64-musl` says about where the package runs. */
function platformOf(name: string): { cpu: string[]; libc?: string[]; os: string[] } {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`cannot tell from its name where ${name} runs`)
  const musl = words.includes('musl') || words.includes('musleabihf')
  const gnu = words.includes('gnu') || words.includes('gnueabihf')
  return { cpu, ...(musl && { libc: ['musl'] }), ...(gnu && { libc: ['glibc'] }), os }
}

const file = 'package-lock.json'
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> }
let added = 0
for (const [path, wanting] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(wanting.optionalDependencies ?? {})) {
    const isKnown = `node_modules/${name}` in lock.packages || `${path}/node_modules/${name}` in lock.packages
    if (isKnown || !/^\d+\.\d+\.\d+$/.test(version)) continue
    const { cpu, libc, os } = platformOf(name)
    // In npm's own order of keys, so that npm does not rewrite the file.
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu,
      ...(wanting.dev && { dev: true }),
      ...(libc && { libc }),
      optional: true,
      os,
    }
    added += 1
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries(sorted)
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`)
console.log(`${added} entries added to ${file}`)
