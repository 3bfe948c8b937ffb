import type { TempDir } from '@hikae/testkit'
import type { Hikae } from './hikae.ts'
import { describeKilled, makeHistory, type Memory, newRepository } from './killing.ts'

describeKilled('a prune', 16, async (dir) => {
  const { hikae, history } = await makeUnevenHistory(dir)
  await hikae.ok(['forget', '--keep-last', '4'])
  return { dir, hikae, kept: history.slice(-4), tidies: true, args: ['prune', '--max-unused', '0'] }
})

describeKilled('a forget with its prune', 12, async (dir) => {
  const { hikae, history } = await makeUnevenHistory(dir)
  return { dir, hikae, kept: history.slice(-3), args: ['forget', '--keep-last', '3', '--prune', '--max-unused', '0'] }
})

/** Of the packs of the first snapshots all is needed, some is, or nothing. */
async function makeUnevenHistory(dir: TempDir): Promise<{ hikae: Hikae; history: Memory[] }> {
  const hikae = await newRepository(dir)
  return { hikae, history: await makeHistory(dir, hikae, 9, [400_000, 300_000, 200_000, 100_000]) }
}
