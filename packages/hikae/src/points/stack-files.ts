import { basename } from 'node:path'
import type { Entry } from '@hikae/engine'
import { madeDirectory, madeFile } from '../sources/made-entry.ts'

/** A file that describes the stack, as it was read. */
export interface StackFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/** In the folder of the manifest. */
const STACK_FOLDER = 'stack'

/**
 * The stack file and what it includes, for a snapshot: a bare machine can begin from them. `files.json` says where each of
 * them was.
 *
 * @param files the stack file first
 * @param onRead told of each as it is read
 */
export function stackFolder(files: readonly StackFile[], onRead: (content: Buffer) => Buffer): Entry {
  const named = files.map(({ path, text }, at) => ({ name: `${at}-${basename(path)}`, path, text }))
  const list = JSON.stringify(
    named.map(({ name, path }) => ({ name, path })),
    null,
    2,
  )
  const entries = [
    textFile('files.json', `${list}\n`, onRead),
    ...named.map(({ name, text }) => textFile(Buffer.from(name).toString('latin1'), text, onRead)),
  ]
  return madeDirectory(STACK_FOLDER, () => entries)
}

function textFile(name: string, text: string, onRead: (content: Buffer) => Buffer): Entry {
  return madeFile(name, {
    kind: 'stream',
    async *open() {
      yield onRead(Buffer.from(text))
    },
  })
}
