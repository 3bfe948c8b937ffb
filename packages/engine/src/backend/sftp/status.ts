/** Codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7). */
export const StatusCode = {
  ok: 0,
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const

/** The server refused a request. */
export class SftpStatusError extends Error {
  override readonly name = 'SftpStatusError'
  readonly status: number
  /** Path the request was about, where there is one. */
  readonly path: string | undefined

  constructor(status: number, serverMessage: string, path: string | undefined) {
    super(serverMessage === '' ? `status ${status}` : serverMessage)
    this.status = status
    this.path = path
  }
}

/** Whether the server refused a request with one of these codes. */
export function hasStatus(error: unknown, ...codes: (keyof typeof StatusCode)[]): boolean {
  return error instanceof SftpStatusError && codes.some((code) => StatusCode[code] === error.status)
}
