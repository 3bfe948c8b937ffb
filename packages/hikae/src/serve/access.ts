import { RefusedRequest } from './refused-request.ts'
import type { RequestTarget } from './request-target.ts'

export interface AccessRules {
  /** Nothing that is stored can be removed, but locks. */
  readonly appendOnly: boolean
  /** Users see only what lies below the folder that has their name. */
  readonly privateRepositories: boolean
}

const METHODS: Readonly<Record<RequestTarget['kind'], readonly string[]>> = {
  metrics: ['GET', 'HEAD'],
  repository: ['POST'],
  list: ['GET'],
  file: ['HEAD', 'GET', 'POST', 'DELETE'],
}

/**
 * Decides whether a user may do something at all. That nothing is ever replaced needs no rule: no request can ask for it.
 *
 * @throws {RefusedRequest} 403 or 405
 */
export function checkAccess(target: RequestTarget, method: string, user: string, rules: AccessRules): void {
  if (rules.privateRepositories && target.kind !== 'metrics' && target.folders[0] !== user) {
    throw new RefusedRequest(403, 'this repository belongs to somebody else: yours lie below the folder with your name')
  }
  const allowed = METHODS[target.kind]
  if (!allowed.includes(method)) {
    throw new RefusedRequest(405, 'this cannot be done here', { headers: { allow: allowed.join(', ') } })
  }
  if (method === 'DELETE' && rules.appendOnly && !(target.kind === 'file' && target.type === 'lock')) {
    throw new RefusedRequest(403, 'this server is append-only: nothing but locks can be removed')
  }
}
