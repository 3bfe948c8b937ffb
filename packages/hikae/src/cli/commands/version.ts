import { arch, platform } from 'node:os'
import { versions } from 'node:process'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { programVersion } from '../version.ts'

export const version = command({
  name: 'version',
  group: 'Program',
  summary: 'Print the version of hikae and of what runs it',
  arguments: [],
  options: {},
  globals: ['output'],
  examples: [],
  run(_input, { out }) {
    const hikae = programVersion()
    const node = versions.node
    if (out.json)
      out.document({ message_type: 'version', version: hikae, node_version: node, os: platform(), arch: arch() })
    else out.line(`hikae ${hikae} (Node ${node}, ${platform()} ${arch()})`)
    return Promise.resolve(EXIT.succeeded)
  },
})
