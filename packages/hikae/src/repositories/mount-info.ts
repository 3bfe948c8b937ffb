/** A mounted file system, as `/proc/self/mountinfo` has it. */
export interface Mount {
  readonly target: string
  /** Major and minor number, `8:17`. */
  readonly device: string
  /** `ext4` */
  readonly type: string
  /** `/dev/sdb1`, `server:/export` */
  readonly source: string
}

/** Reads the table of mounts, oldest first; lines of another form are left out. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , device, , target] = before.split(' ')
    const [type, source] = after.split(' ')
    if (device === undefined || target === undefined || type === undefined || source === undefined) return []
    return [{ device, target: unescaped(target), type, source: unescaped(source) }]
  })
}

/** The mount that a path is on: the deepest, and of several at one place the last. @param path absolute, without links */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter(({ target }) => target === '/' || path === target || path.startsWith(`${target}/`))
    .reduce<Mount | undefined>(
      (deepest, mount) => (deepest !== undefined && deepest.target.length > mount.target.length ? deepest : mount),
      undefined,
    )
}

/** Blanks and backslashes are written in octal: `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
