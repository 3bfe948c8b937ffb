import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Environment } from '../environment.ts'
import { runProgram, startProgram } from '../process/program.ts'
import type { Clients } from './clients.ts'

/** Client programs of this host. */
export function clientsOnHost(env: Environment): Clients {
  return {
    place: 'on this host',
    async find(programs, folders = []) {
      const places = [...folders, ...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')]
      for (const program of programs) {
        for (const folder of places) if (await isProgram(join(folder, program))) return join(folder, program)
      }
      return undefined
    },
    start: (command, { variables, ...options }) => startProgram(command, { ...options, env: { ...env, ...variables } }),
    run: (command, { variables, ...options }) => runProgram(command, { ...options, env: { ...env, ...variables } }),
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false // what may not be run is not there for us
  }
}
