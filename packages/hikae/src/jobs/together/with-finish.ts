import type { Finding } from '../../sources/finding.ts'
import type { OpenSource } from '../../sources/source-kind.ts'

/** The same source, with something to be asked right after its last byte was read: what comes of it is among its findings. */
export function withFinish(source: OpenSource, ask: () => Promise<readonly Finding[]>): OpenSource {
  const { paths, excludes, root, unchanged } = source
  return {
    ...{ paths, root },
    ...(excludes && { excludes }),
    ...(unchanged && { unchanged }),
    async finish() {
      const reading = await source.finish()
      return { ...reading, findings: [...reading.findings, ...(await ask())] }
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}
