import { type ByteReader, type Reading, UnknownContentError } from './byte-reader.ts'

const ID_BYTES = 16
const TIME_BYTES = 8

/** Reads over the value of a key. @param type as RDB files have it @throws {UnknownContentError} */
export function* skipValue(reader: ByteReader, type: number): Reading<void> {
  switch (type) {
    case 0: // string
    case 9: // hash, list, set and sorted set in one text
    case 10:
    case 11:
    case 12:
    case 13:
    case 16:
    case 17:
    case 20:
    case 23:
      return yield* reader.skipString()
    case 1: // list, set, quick list
    case 2:
    case 14:
      return yield* repeat(yield* reader.length(), () => reader.skipString())
    case 3:
      return yield* repeat(yield* reader.length(), () => skipOldScore(reader))
    case 4:
      return yield* repeat(yield* reader.length(), () => skipStrings(reader, 2))
    case 5:
      return yield* repeat(yield* reader.length(), () => skipScore(reader))
    case 7:
      yield* reader.length()
      return yield* skipModuleValue(reader)
    case 15:
    case 19:
    case 21:
      return yield* skipStream(reader, { 15: 1, 19: 2, 21: 3 }[type])
    case 18:
      return yield* repeat(yield* reader.length(), () => skipLengthAndStrings(reader, 1))
    case 22: // hash whose fields expire
      return yield* repeat(yield* reader.length(), () => skipLengthAndStrings(reader, 2))
    case 24:
      yield* reader.skip(TIME_BYTES)
      return yield* repeat(yield* reader.length(), () => skipLengthAndStrings(reader, 2))
    case 25:
      yield* reader.skip(TIME_BYTES)
      return yield* reader.skipString()
    default:
      throw new UnknownContentError(`a value of type ${type}`)
  }
}

/** What modules write says itself how long it is. */
export function* skipModuleValue(reader: ByteReader): Reading<void> {
  for (;;) {
    const kind = yield* reader.length()
    if (kind === 0) return
    if (kind === 1 || kind === 2) yield* reader.length()
    else if (kind === 3) yield* reader.skip(4)
    else if (kind === 4) yield* reader.skip(8)
    else if (kind === 5) yield* reader.skipString()
    else throw new UnknownContentError(`a module's value of type ${kind}`)
  }
}

function* repeat(times: number, step: () => Reading<void>): Reading<void> {
  for (let done = 0; done < times; done++) yield* step()
}

function* skipStrings(reader: ByteReader, count: number): Reading<void> {
  for (let done = 0; done < count; done++) yield* reader.skipString()
}

function* skipLengthAndStrings(reader: ByteReader, count: number): Reading<void> {
  yield* reader.length()
  yield* skipStrings(reader, count)
}

function* skipScore(reader: ByteReader): Reading<void> {
  yield* reader.skipString()
  yield* reader.skip(8)
}

function* skipOldScore(reader: ByteReader): Reading<void> {
  yield* reader.skipString()
  const length = yield* reader.byte()
  if (length < 253) yield* reader.skip(length) // above: not a number, and the infinities
}

function* skipLengths(reader: ByteReader, count: number): Reading<void> {
  for (let done = 0; done < count; done++) yield* reader.length()
}

function* skipStream(reader: ByteReader, version: number): Reading<void> {
  yield* repeat(yield* reader.length(), () => skipStrings(reader, 2))
  yield* skipLengths(reader, version >= 2 ? 8 : 3)
  yield* repeat(yield* reader.length(), () => skipGroup(reader, version))
}

function* skipGroup(reader: ByteReader, version: number): Reading<void> {
  yield* reader.skipString()
  yield* skipLengths(reader, version >= 2 ? 3 : 2)
  yield* repeat(yield* reader.length(), () => skipPending(reader))
  yield* repeat(yield* reader.length(), () => skipConsumer(reader, version))
}

function* skipPending(reader: ByteReader): Reading<void> {
  yield* reader.skip(ID_BYTES + TIME_BYTES)
  yield* reader.length()
}

function* skipConsumer(reader: ByteReader, version: number): Reading<void> {
  yield* reader.skipString()
  yield* reader.skip(version >= 3 ? 2 * TIME_BYTES : TIME_BYTES)
  yield* reader.skip((yield* reader.length()) * ID_BYTES)
}
