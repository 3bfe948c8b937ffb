import { runOk } from './run-process.ts'

/**
 * The extended attributes of everything below `root` that has any, read by `getfattr` without following links.
 *
 * @returns by relative path (latin1 byte string, `.` for `root`): sorted lines of `name=0xhex`
 */
export async function readAttributes(root: string): Promise<Map<string, string[]>> {
  const args = ['--recursive', '--physical', '--no-dereference', '--dump', '--match=-', '--encoding=hex', '.']
  const { stdoutBytes } = await runOk('getfattr', args, { cwd: root, timeoutMs: 300_000 })
  const found = new Map<string, string[]>()
  for (const block of stdoutBytes.toString('latin1').split('\n\n')) {
    const [heading, ...lines] = block.split('\n')
    if (heading?.startsWith('# file: ') !== true) continue
    const path = unescape(heading.slice('# file: '.length)).replace(/^\.\//, '')
    found.set(
      path,
      lines
        .filter((line) => line !== '')
        .map(withValue)
        .sort(),
    )
  }
  return found
}

/** getfattr writes a backslash and three octal digits for bytes that would spoil its layout. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** An empty value is printed as a bare name, or as `0x`, depending on the version. */
function withValue(line: string): string {
  return line.includes('=') ? line : `${line}=0x`
}
