/** Variables and keys that are called like this hold secrets, wherever they stand. */
const SECRET_NAME = /pass|pwd|secret|token|key|credential|auth|private/i

export function soundsSecret(name: string): boolean {
  return SECRET_NAME.test(name)
}
