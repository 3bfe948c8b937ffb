/** How the bytes of a file are packed. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2'

/** What a file is by its name. */
export interface ArchiveName {
  /** A tree of files, or the bytes of one. */
  readonly content: 'tar' | 'file'
  readonly compression: Compression
  /** The name without what says how it is packed: `shop.sql`, `mirai_full`. */
  readonly unpacked: string
}

/** Endings of what is imported, for messages. */
export const KNOWN_ENDINGS =
  '.tar, .tar.gz (.tgz), .tar.zst, .tar.xz, .tar.bz2, .sql, .dump, .rdb, .ldif, .bak, and any file ending in .gz, .zst, .xz or .bz2'

const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd', xz: 'xz', bz2: 'bzip2' }

const TAR = /^(.*)\.(?:tar(?:\.(gz|zst|xz|bz2))?|t(gz|zst|xz|bz2))$/is
const COMPRESSED = /^(.+)\.(gz|zst|xz|bz2)$/is
const DUMP = /\.(?:sql|dump|pgdump|rdb|ldif|bak)$/i

/** @returns undefined for what is no archive or dump by its name */
export function archiveName(name: string): ArchiveName | undefined {
  const tar = TAR.exec(name)
  if (tar) return { content: 'tar', compression: compressionOf(tar[2] ?? tar[3]), unpacked: tar[1]! }
  const compressed = COMPRESSED.exec(name)
  if (compressed) return { content: 'file', compression: compressionOf(compressed[2]), unpacked: compressed[1]! }
  return DUMP.test(name) ? { content: 'file', compression: 'none', unpacked: name } : undefined
}

function compressionOf(ending: string | undefined): Compression {
  return ending === undefined ? 'none' : COMPRESSIONS[ending.toLowerCase()]!
}
