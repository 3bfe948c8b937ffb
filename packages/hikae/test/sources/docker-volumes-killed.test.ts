import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { test } from './docker-volumes-ground.ts'
import { killEverywhere } from './docker-volumes-killing.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('a restore of a volume at its place that is killed', () => {
  test(
    'leaves the old or the new content, whole, wherever that happens',
    { timeout: 300_000 },
    async ({ docker, dir, context, expect }) => {
      await killEverywhere('direct', { docker, dir, context, expect })
    },
  )
})
