import { makeFiles } from './fixtures.ts'
import { describeKilled, makeHistory, newRepository } from './killing.ts'

describeKilled('a catch-up', 6, async (dir) => {
  const source = await newRepository(dir, 'source')
  const missed = await makeHistory(dir, source, 3, [700_000, 600_000, 500_000])
  const target = await newRepository(dir)
  const kept = await makeHistory(dir, target, 1, [60_000])
  // The repository that is named is a copy, which is killed.
  const stack = [
    'version: 1',
    'repositories:',
    `  source: { local: ${source.repository}, password: { env: HIKAE_PASSWORD } }`,
    '  target: { local: "${HIKAE_REPOSITORY}", password: { env: HIKAE_PASSWORD } }',
  ]
  await makeFiles(dir.path, { 'hikae.yaml': stack.join('\n') })
  const hikae = target.with({ env: { XDG_STATE_HOME: dir.join('state') } })
  return { dir, hikae, kept, healed: missed, args: ['copy', '--catch-up', '--with-older', '--repo', 'target'] }
})
