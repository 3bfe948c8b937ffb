import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'

/** What a reader needs to place the numbers; nothing that names the machine. */
export interface Machine {
  processor: string
  cores: number
  memoryGigabytes: number
  system: string
  node: string
}

export function describeMachine(): Machine {
  const distribution = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const kernel = release().split('.', 2).join('.')
  return {
    processor: cpus()[0]?.model ?? arch(),
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1e9),
    system: [distribution, `${type()} ${kernel}`].filter(Boolean).join(', '),
    node: process.version,
  }
}
