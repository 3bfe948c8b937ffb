import { whyNoDocker, skipBecause } from '@hikae/testkit'
import { afterAll, beforeAll } from 'vitest'
import { describeSource } from '../support/describe-source.ts'
import { ContainerFilesGround } from './container-files-ground.ts'

const skip = skipBecause(await whyNoDocker())

let ground: ContainerFilesGround
beforeAll(async () => {
  if (!skip) ground = await ContainerFilesGround.create()
}, 60_000)
afterAll(async () => await ground?.[Symbol.asyncDispose](), 60_000)

describeSource('container-files', async (dir) => await ground.subject(dir), { skip })
