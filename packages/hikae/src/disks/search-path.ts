/** Administrators' programs are in folders that an ordinary user's PATH lacks. */
const ADMINISTRATORS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/**
 * Folders to find the system's programs in.
 *
 * @param path the PATH of whoever runs us
 */
export function searchPathOf(path: string | undefined): string {
  const own = path ? path.split(':') : ['/usr/local/bin', '/usr/bin', '/bin']
  return [...new Set([...own, ...ADMINISTRATORS])].join(':')
}
