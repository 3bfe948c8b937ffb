import { type Diagnosis, ok } from './diagnosis.ts'

/** The launcher and the packages are made for this one and later ones. */
const OLDEST_NODE = 24

/**
 * @param node its version, `24.21.0`
 */
export function examineProgram(version: string, node: string): Diagnosis {
  const message = `hikae ${version} with Node.js ${node}`
  if (Number.parseInt(node, 10) >= OLDEST_NODE) return ok('program', message)
  const hint = `install Node.js ${OLDEST_NODE} or newer, or hikae with its optional dependencies`
  return { subject: 'program', verdict: 'error', message: `${message}, which is too old`, hint }
}
