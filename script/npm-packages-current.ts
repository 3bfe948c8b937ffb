// Exits 0 when the packages in node_modules are exactly those of package-lock.json, 1 when `npm ci` is needed.
// npm leaves a lock file of its own inside node_modules, written last: an interrupted installation has none.
import { readFileSync } from 'node:fs'

interface LockedPackage {
  version?: string
  integrity?: string
  resolved?: string
  link?: boolean
  optional?: boolean
}

function packagesOf(lockFile: string): Map<string, LockedPackage> {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, LockedPackage> }
  return new Map(Object.entries(packages).filter(([path]) => path.includes('node_modules/')))
}

function isSame(installed: LockedPackage, wanted: LockedPackage): boolean {
  if (wanted.link) return installed.link === true && installed.resolved === wanted.resolved
  return installed.version === wanted.version && installed.integrity === wanted.integrity
}

function isCurrent(): boolean {
  const wanted = packagesOf('package-lock.json')
  const installed = packagesOf('node_modules/.package-lock.json')
  for (const [path, found] of installed) {
    const lock = wanted.get(path)
    if (!lock || !isSame(found, lock)) return false
  }
  // Optional packages are for one platform each; that ours is there is seen by using it.
  return [...wanted].every(([path, lock]) => installed.has(path) || lock.optional === true)
}

try {
  process.exitCode = isCurrent() ? 0 : 1
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  process.exitCode = 1
}
