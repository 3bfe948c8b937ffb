// Measures how much of an image's layer is stored, and stored again after a build, by the way it is stored: see
// docs/decisions/0014-docker-images.md. Layers are tar archives, the later build last.
//
//   node -C @hikae/source script/measure-layers.ts before.tar after.tar …
import { createReadStream } from 'node:fs'
import { backUp, type DirectoryEntry, type Entry, initRepository, MemoryBackend, openRepository } from '@hikae/engine'
import { ByteReader } from '../packages/hikae/src/archives/byte-reader.ts'
import { ownIdentity } from '../packages/hikae/src/identity.ts'
import { separateLayer } from '../packages/hikae/src/sources/docker-images/layers/separate-layer.ts'
import { madeDirectory, madeFile } from '../packages/hikae/src/sources/made-entry.ts'

type Chunks = 'standard' | 'fine'
type Bytes = AsyncIterable<Uint8Array>

const CONTENT_LENGTH_BYTES = 8

const WAYS: Readonly<Record<string, (layer: string) => AsyncGenerator<Entry, void, undefined>>> = {
  'as an archive, standard chunks': (layer) => asArchive(layer, 'standard'),
  'as an archive, fine chunks': (layer) => asArchive(layer, 'fine'),
  'taken apart, standard chunks': (layer) => takenApart(layer, 'standard'),
  'taken apart, fine chunks': (layer) => takenApart(layer, 'fine'),
  'each file by itself': fileByFile,
}

const layers = process.argv.slice(2)
for (const [name, way] of Object.entries(WAYS)) {
  const backend = new MemoryBackend()
  const { hostname, username } = ownIdentity()
  await initRepository(backend, { password: 'measured', hostname, username, kdf: { N: 2, r: 8, p: 1 } })
  const stored: string[] = []
  for (const layer of layers)
    stored.push(
      await megabytesAdded(
        backend,
        madeDirectory('', () => way(layer)),
      ),
    )
  console.log(`${name.padEnd(32)} ${stored.map((each) => each.padStart(8)).join(' ')} MB`)
}

async function megabytesAdded(backend: MemoryBackend, root: DirectoryEntry): Promise<string> {
  const repository = await openRepository(backend, { password: 'measured' })
  await repository.loadIndex()
  const report = await backUp(root, [{ repository }], { ...ownIdentity(), paths: ['/'], programVersion: 'measured' })
  return (report.repositories[0].summary.dataAddedPacked / 1e6).toFixed(2)
}

async function* asArchive(layer: string, chunks: Chunks): AsyncGenerator<Entry, void, undefined> {
  yield file('layer.tar', () => createReadStream(layer), chunks)
}

async function* takenApart(layer: string, chunks: Chunks): AsyncGenerator<Entry, void, undefined> {
  const frames: Buffer[] = []
  yield file('content', () => separateLayer(createReadStream(layer), async (frame) => void frames.push(frame)), chunks)
  yield file('headers', () => each(frames), chunks)
}

async function* fileByFile(layer: string): AsyncGenerator<Entry, void, undefined> {
  const frames: Buffer[] = []
  const content = separateLayer(createReadStream(layer), async (frame) => void frames.push(frame))
  for await (const part of content) void part
  const reader = new ByteReader(separateLayer(createReadStream(layer), async () => undefined))
  for (const [index, frame] of frames.entries()) {
    const length = Number(frame.readBigUInt64BE(frame.length - CONTENT_LENGTH_BYTES))
    if (length > 0) yield file(`file-${index}`, () => some(reader, length), 'standard')
  }
  yield file('headers', () => each(frames), 'standard')
}

function file(name: string, open: () => Bytes, chunks: Chunks): Entry {
  return madeFile(name, { kind: 'stream', open }, { chunks, timeNs: 0n })
}

async function* some(reader: ByteReader, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = length; left > 0;) {
    const piece = await reader.some(left)
    if (!piece) return
    left -= piece.length
    yield piece
  }
}

async function* each(parts: readonly Buffer[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* parts
}
