import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytesOf, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, testWithCopyOf, until } from './fixtures.ts'
import { Hikae, jsonLines, type Message } from './hikae.ts'

/** Two snapshots of two hosts with packs of 4 MiB; what checks remember lies in `dir`. */
const test = testWithCopyOf(fill)
  .extend('state', ({ dir }) => dir.join('state'))
  .extend('filled', ({ dir }) => hikaeIn(dir))

function hikaeIn(dir: TempDir): Hikae {
  const env = { XDG_STATE_HOME: dir.join('state') }
  return new Hikae({ repository: dir.join('repository'), cwd: dir.path, env })
}

async function fill(dir: TempDir): Promise<void> {
  const hikae = hikaeIn(dir)
  await hikae.initCheaply()
  await makeFiles(dir.join('tree'), { 'older/file': randomBytesOf('older', 9_000_000), same: 'same' })
  await hikae.backup(['tree'], ['--pack-size', '4', '--host', 'one'])
  await makeFiles(dir.join('tree'), { 'newer/file': randomBytesOf('newer', 9_000_000) })
  await hikae.backup(['tree'], ['--pack-size', '4', '--host', 'two'])
}

async function summaryOf(hikae: Hikae, args: readonly string[]): Promise<Message> {
  const { stdout } = await hikae.run(['--json', 'check', ...args])
  return jsonLines(stdout).at(-1)!
}

async function memoryFile(state: string): Promise<string> {
  const folder = join(state, 'hikae', 'read')
  return join(folder, (await readdir(folder))[0]!)
}

/** The pack that holds the beginning of the file that only the newer snapshot has. */
async function packOfNewer(hikae: Hikae): Promise<string> {
  const tree = await hikae.document<{ nodes: { content: string[] }[] }>(['cat', 'tree', 'latest:/tree/newer'])
  const blob = tree.nodes[0]!.content[0]!
  for (const index of await filesOf(hikae, 'index')) {
    const { packs } = await hikae.document<{ packs: { id: string; blobs: { id: string }[] }[] }>([
      'cat',
      'index',
      index,
    ])
    const pack = packs.find(({ blobs }) => blobs.some(({ id }) => id === blob))
    if (pack) return pack.id
  }
  throw new Error(`blob ${blob} is in no index`)
}

async function flip(path: string): Promise<void> {
  const content = await readFile(path)
  content[1000]! ^= 1
  await rm(path)
  await writeFile(path, content)
}

describe.concurrent('reading everything within some days', () => {
  test('reads another part each time, until all is proven', async ({ filled, expect }) => {
    // So long that the share of a day is less than a byte: each run reads one pack, however small.
    const within = ['--read-data-within', '100000000d']
    const { packs } = await summaryOf(filled, [])
    const proven: number[] = []
    for (let run = 1; run <= Number(packs); run++) {
      const { proof, num_errors: errors } = await summaryOf(filled, within)
      expect(errors).toBe(0)
      proven.push((proof as { proven_packs: number }).proven_packs)
    }
    expect(proven).toEqual(proven.map((_, run) => run + 1))
    const { stdout } = await filled.ok(['check', ...within])
    expect(stdout).toContain('100.0% of the data was read and found whole within that time, the longest ago at ')
  })

  test('counts what other checks have read, and starts over when its memory is damaged', async ({
    filled,
    state,
    expect,
  }) => {
    await filled.ok(['check', '--read-data'])
    const { packs, proof } = await summaryOf(filled, ['--read-data-within', '1000d'])
    expect(proof).toMatchObject({ proven_packs: packs, never_read_packs: 0 })
    await writeFile(await memoryFile(state), 'garbage')
    const again = await filled.run(['--json', 'check', '--read-data-within', '1000d'])
    expect(again).toMatchObject({ exitCode: 0, stderr: '' })
    expect(jsonLines(again.stdout).at(-1)!['proof']).not.toMatchObject({ never_read_packs: 0 })
  })

  test('goes on where a check was interrupted', async ({ filled, state, expect }) => {
    await using running = await filled.start(['check', '--read-data', '--json'])
    await running.printed('packs_read')
    running.kill('SIGINT')
    // It may have been about to end anyway; what counts is what it leaves.
    expect([0, 130]).toContain((await running.finished).exitCode)
    const { size } = await stat(await memoryFile(state))
    const read = (size - 40) / 40
    const { packs, proof } = await summaryOf(filled, ['--read-data-within', '1000d'])
    const { proven_packs: proven } = proof as { proven_packs: number }
    expect(proven).toBeGreaterThanOrEqual(Math.min(read + 1, Number(packs)))
    expect(await filesOf(filled, 'locks')).toEqual([])
  })

  test('is not promised where nothing can be remembered', async ({ filled, dir, expect }) => {
    await writeFile(dir.join('file'), '')
    const unable = filled.with({ env: { XDG_STATE_HOME: dir.join('file') } })
    const result = await unable.run(['check', '--read-data-within', '30d'])
    expect(result.stderr).toMatch(/^warning: what is read cannot be remembered: [^\n]+\n$/)
    expect(result.exitCode).toBe(3)
    expect((await unable.run(['check', '--read-data'])).exitCode).toBe(0)
  })

  test('is one of three ways to choose', async ({ filled, expect }) => {
    for (const other of [['--read-data'], ['--read-data-subset', '1/2']]) {
      const result = await filled.run(['check', '--read-data-within', '30d', ...other])
      expect(result.exitCode).toBe(2)
      expect(result.stderr).toContain('only one of')
    }
    expect((await filled.run(['check', '--read-data-within', '0'])).exitCode).toBe(2)
  })
})

describe.concurrent('damage', () => {
  test('is told with the snapshots and files it touches, and commands that exist', async ({ filled, expect }) => {
    const pack = await packOfNewer(filled)
    await flip(join(filled.repository, 'data', pack.slice(0, 2), pack))
    const result = await filled.run(['check', '--read-data'])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain('/tree/newer/file in snapshot')
    const [, newer] = await filled.snapshots()
    expect(result.stdout).toMatch(new RegExp(`${String(newer!['short_id'])} +\\d{4}-\\d\\d-\\d\\d .* two +1 file`))
    expect(result.stdout).toContain('one snapshot does not come back whole')
    expect(result.stdout).toContain(`next: hikae repair packs ${pack}\n`)
    expect(result.stdout).not.toContain('restic')
    for (const [, command] of result.stdout.matchAll(/^next: hikae (\w+)/gm)) {
      expect((await filled.run([command!, '--help'])).exitCode, command).toBe(0)
    }
    const summary = await summaryOf(filled, ['--read-data'])
    expect(summary).toMatchObject({
      broken_packs: [pack],
      touched_snapshots: [{ id: newer!['id'], time: newer!['time'], hostname: 'two', files: 1, directories: 0 }],
    })
  })

  test('of a pack that was read before makes it unproven again', async ({ filled, expect }) => {
    await filled.ok(['check', '--read-data'])
    const pack = await packOfNewer(filled)
    await flip(join(filled.repository, 'data', pack.slice(0, 2), pack))
    expect((await filled.run(['check', '--read-data'])).exitCode).toBe(1)
    // It is what was not read for longest now, and so it is found by the next check, however small its part.
    const { exitCode } = await filled.run(['check', '--read-data-within', '1000d'])
    expect(exitCode).toBe(1)
  })
})

describe.concurrent('a check', () => {
  test('goes together with a backup', async ({ filled, dir, expect }) => {
    await makeFiles(dir.join('more'), { file: randomBytesOf('more', 60_000_000) })
    await using backup = await filled.start(['backup', '--compression', 'max', 'more'])
    const locks = join(filled.repository, 'locks')
    await until(async () => (await readdir(locks)).length > 0, backup)
    await filled.ok(['check', '--read-data'])
    expect((await backup.finished).exitCode).toBe(0)
  })
})
