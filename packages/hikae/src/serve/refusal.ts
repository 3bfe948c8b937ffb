import { BackendError, FileExistsError, FileMissingError } from '@hikae/engine'
import { systemCode } from '../errors.ts'
import { RefusedRequest } from './refused-request.ts'

/**
 * How a failure is told to the client. Of failures of this machine it learns no more than that there was one; `isOurs`
 * says that the person who runs the server should see it.
 */
export function refusalOf(error: unknown): { refusal: RefusedRequest; isOurs: boolean } {
  if (error instanceof RefusedRequest) return { refusal: error, isOurs: false }
  if (error instanceof FileMissingError) return { refusal: refused(404, 'there is no such file'), isOurs: false }
  if (error instanceof FileExistsError) {
    return { refusal: refused(403, 'this file is stored already, and is never replaced'), isOurs: false }
  }
  const code = systemCode(error instanceof BackendError ? error.cause : error)
  if (error instanceof BackendError && code === 'ENOENT') {
    return { refusal: refused(404, 'there is no repository here'), isOurs: false }
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return { refusal: refused(507, 'the disk is full'), isOurs: true }
  if (error instanceof BackendError && error.transient) {
    return { refusal: refused(503, 'the server is out of breath: ask again later'), isOurs: true }
  }
  return { refusal: refused(500, 'the server failed: its log says why'), isOurs: true }
}

function refused(status: number, message: string): RefusedRequest {
  return new RefusedRequest(status, message)
}
