/** A source at one moment, as a repository holds it. */
export interface SourcePoint {
  readonly time: Date
  /** What the kind found out when it read it. */
  readonly facts: Readonly<Record<string, unknown>>
  /**
   * Everything at a path of the snapshot and below, a directory before what is in it; `.hikae` is left out.
   *
   * @param path byte string (latin1); the root by default
   */
  entries(path?: string): AsyncIterable<PointEntry>
  /** The content of a file. It is whole only when the iteration ends without throwing. */
  content(path: string): AsyncIterable<Uint8Array>
  /**
   * What is at a path, with all that is below it, as a tar archive: owners, modes, times to the nanosecond, links, devices
   * and extended attributes. It is whole only when the iteration ends without throwing; who is given less must not keep it.
   *
   * @param path not the root @param name what it is called in the archive; as in the path by default
   */
  tar(path: string, name?: string): AsyncIterable<Uint8Array>
  /**
   * Writes what is at the path and below into a folder, with owners, modes and times.
   *
   * @param folder created when it is not there; nothing in it is removed
   * @param options.only names directly in the path; everything by default
   * @throws unless all of it is there and was read back and compared
   */
  writeTo(folder: string, path?: string, options?: { readonly only?: readonly string[] }): Promise<void>
}

export interface PointEntry {
  /** Byte string (latin1) from the root of the snapshot: `/srv/app/file`. */
  readonly path: string
  readonly type: 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular'
  /** Bytes of content. */
  readonly size: number
}
