import type { DirectoryEntry, Entry, FileEntry } from '@hikae/engine'
import { describe, expect, test } from 'vitest'
import type { CommandContext, Io } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { Output } from '../output/output.ts'
import { commandInput } from './command-input.ts'
import { type StreamInput, streamRoot } from './stream-input.ts'

const never = new AbortController().signal

function childrenOf(entry: Entry): Entry[] {
  return [...((entry as DirectoryEntry).children(never) as Iterable<Entry>)]
}

async function contentOf(stream: StreamInput, signal = never): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream.open(signal)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function context(): { context: CommandContext; stderr: () => string } {
  let stderr = ''
  const stream = {
    write(chunk: string | Uint8Array) {
      stderr += chunk.toString()
      return true
    },
    once: () => undefined,
  }
  const out = new Output({ stdout: stream, stderr: stream, env: {}, json: false, quiet: false, verbosity: 0 })
  return { context: { out, env: {}, signal: never, io: undefined as unknown as Io }, stderr: () => stderr }
}

describe('streamRoot', () => {
  const stream: StreamInput = {
    description: 'x',
    async *open() {
      yield Buffer.from('abc')
      yield Buffer.from('de')
    },
  }

  test('puts one file with the content of the stream into the directories of its name', async () => {
    const { root, path, counted } = streamRoot('dumps/データ.sql', stream, 5n)
    expect(path).toBe('/dumps/データ.sql')
    const [directory] = childrenOf(root)
    const [file] = childrenOf(directory!) as FileEntry[]
    expect(directory).toMatchObject({ kind: 'directory', name: 'dumps' })
    expect(file).toMatchObject({ kind: 'file', name: Buffer.from('データ.sql').toString('latin1') })
    expect(file?.metadata).toMatchObject({ mtimeNs: 5n, mode: 0o100_644 })
    expect(counted.bytes).toBe(0)
    expect(await contentOf(counted)).toBe('abcde')
    expect(counted.bytes).toBe(5)
  })

  test.each(['/', '.', '../x', 'a/../b', ''])('%j is no name for a file', (name) => {
    expect(() => streamRoot(name, stream)).toThrow(UsageError)
  })
})

describe('commandInput', () => {
  test('yields what the program prints, byte for byte, and passes its complaints on', async () => {
    const { context: given, stderr } = context()
    const input = commandInput(['sh', '-c', 'printf "%s" "$1"; echo careful >&2', '-', 'a  b\n'], given)
    expect(await contentOf(input)).toBe('a  b\n')
    expect(stderr()).toBe('sh: careful\n')
  })

  test('throws at the end when the program fails, whatever it printed', async () => {
    const input = commandInput(['sh', '-c', 'echo half a dump; exit 3'], context().context)
    await expect(contentOf(input)).rejects.toThrow('sh failed with exit status 3; no snapshot was made')
  })

  test('throws when the program is killed', async () => {
    const input = commandInput(['sh', '-c', 'echo half a dump; kill -9 $$'], context().context)
    await expect(contentOf(input)).rejects.toThrow('sh was ended by SIGKILL')
  })

  test('throws when there is no such program', async () => {
    const input = commandInput(['/nowhere/pg_dump', '--password=secret'], context().context)
    await expect(contentOf(input)).rejects.toThrow(
      /^cannot run \/nowhere\/pg_dump: there is no such program; no snapshot was made$/,
    )
  })

  test('ends the program and what it has started when it is told to stop', async () => {
    const stop = new AbortController()
    const input = commandInput(['sh', '-c', 'echo started; sleep 600; true'], context().context)
    const reading = (async () => {
      for await (const _chunk of input.open(stop.signal)) stop.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toThrow('enough')
  })
})
