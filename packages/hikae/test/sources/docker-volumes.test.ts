import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll } from 'vitest'
import { describeSource } from '../support/describe-source.ts'
import { DockerGround } from './docker-volumes-ground.ts'
import { volumeSubject } from './docker-volumes-subject.ts'

const skip = skipBecause(await whyNoDocker())
let ground: DockerGround

beforeAll(async () => {
  if (!skip) ground = await DockerGround.start()
})
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

describeSource('docker-volumes, read at their places', (dir) => volumeSubject(ground, dir, 'direct'), { skip })
