import { createHash } from 'node:crypto'
import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const factsSchema = z.object({ name: z.string(), bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })

/** What the manifest says of an output. */
export type OutputFacts = z.output<typeof factsSchema>

/** @throws {InputError} the manifest does not say it */
export function outputFacts({ facts }: SourcePoint): OutputFacts {
  const parsed = factsSchema.safeParse(facts)
  if (parsed.success) return parsed.data
  throw new InputError('the manifest of the snapshot does not say what the output was', {
    hint: 'restore the file by itself, with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}

/** Byte string of the file in the snapshot. */
export function outputPath({ name }: Pick<OutputFacts, 'name'>): string {
  return `/${Buffer.from(name).toString('latin1')}`
}

export type Measure = Pick<OutputFacts, 'bytes' | 'sha256'>

/** Counts and hashes what passes; `result` is of all that came so far. */
export function measured(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> & { result(): Measure } {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    result: () => ({ bytes, sha256: hash.copy().digest('hex') }),
    async *[Symbol.asyncIterator]() {
      for await (const part of content) {
        hash.update(part)
        bytes += part.length
        yield part
      }
    },
  }
}

/** @throws {InputError} it is not what was saved */
export function refuseOther(found: Measure, wanted: OutputFacts): void {
  if (found.bytes === wanted.bytes && found.sha256 === wanted.sha256) return
  throw new InputError(
    `${wanted.name} in the repository is not what was saved: ${found.bytes} bytes instead of ${wanted.bytes}, SHA-256 ${found.sha256} instead of ${wanted.sha256}`,
    { hint: 'run `hikae check --read-data` on the repository, and use another recovery point' },
  )
}
