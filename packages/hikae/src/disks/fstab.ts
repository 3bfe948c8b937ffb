/** A line of the table of file systems, as far as it matters here. */
export interface FstabEntry {
  /** What is mounted: `UUID=…`, `LABEL=…`, `/dev/sdb1`. */
  readonly source: string
  readonly target: string
}

/** Lines that mount something; comments and lines that nobody understands are passed over. */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap((line) => {
    const [source, target] = line.trim().split(/[ \t]+/)
    if (source === undefined || target === undefined || source.startsWith('#')) return []
    return [{ source: unescapeField(source).replace(/"/g, ''), target: unescapeField(target) }]
  })
}

/** Without `nofail` a machine whose disk is at home does not start; the wait for it is short for the same reason. */
const OPTIONS = 'defaults,noatime,nofail,x-systemd.device-timeout=10s'

/** The line that mounts a disk by its UUID. */
export function fstabLine({ uuid, mount }: { readonly uuid: string; readonly mount: string }): string {
  return `UUID=${uuid} ${escapeField(mount)} ext4 ${OPTIONS} 0 2`
}

/** The table with one more line at its end. */
export function withLine(text: string, line: string): string {
  const separator = text === '' || text.endsWith('\n') ? '' : '\n'
  return `${text}${separator}${line}\n`
}

function escapeField(text: string): string {
  return text.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function unescapeField(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
