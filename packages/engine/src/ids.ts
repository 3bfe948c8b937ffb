declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** Lower-case hex of a SHA-256: 64 characters. Blob ids hash the plaintext, the others the stored bytes of a file. */
export type Id = Branded<'id'>
export type BlobId = Id & { readonly blob?: true }
export type PackId = Id & { readonly pack?: true }
export type SnapshotId = Id & { readonly snapshot?: true }
export type IndexId = Id & { readonly index?: true }
export type KeyId = Id & { readonly key?: true }
export type LockId = Id & { readonly lock?: true }
export type TreeId = Id & { readonly tree?: true }

/** Bytes in a raw id. */
export const ID_BYTES = 32

const FULL_ID = /^[0-9a-f]{64}$/

/** Whether `text` is the file name of something in a repository; other names are ignored when listing (§2). */
export function isId(text: string): text is Id {
  return FULL_ID.test(text)
}

/** The first eight digits: what people read and type. */
export function shortId(id: Id): string {
  return id.slice(0, 8)
}

/** The id of raw bytes, for instance out of a pack header. */
export function idFromBytes(bytes: Uint8Array, offset = 0): Id {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, ID_BYTES).toString('hex') as Id
}
