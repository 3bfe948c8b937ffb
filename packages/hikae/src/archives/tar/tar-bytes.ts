/** Where an archive is read from. */
export interface TarBytes {
  /** @throws {ArchiveError} the archive ends before */
  read(at: number, length: number): Promise<Buffer>
  /** The same in pieces, for what may be long. */
  stretch(at: number, length: number): AsyncGenerator<Uint8Array, void, undefined>
}
