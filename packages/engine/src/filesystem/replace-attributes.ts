import { isSystemError } from '../native/system-call-error.ts'
import type { ExtendedAttribute } from '../tree/node.ts'
import {
  listExtendedAttributes,
  readExtendedAttribute,
  removeExtendedAttribute,
  writeExtendedAttribute,
  type AttributeOwner,
} from './xattr.ts'

export interface ReplaceAttributesOptions {
  /** When not, what only root may set is left alone without an error. */
  readonly privileged: boolean
  readonly wants?: ((name: string) => boolean) | undefined
  /** One attribute could not be set or removed; the others are still done. */
  readonly onError: (error: Error) => void
}

/**
 * Makes the extended attributes those given: sets the ones that differ, then removes the others that a person or a
 * directory's default ACL may have put there. Labels that the system itself gives, such as `security.selinux`, are only
 * set, never removed.
 *
 * @throws {SystemCallError} the present attributes cannot be listed
 */
export function replaceAttributes(
  owner: AttributeOwner,
  attributes: readonly ExtendedAttribute[],
  options: ReplaceAttributesOptions,
): void {
  const { wants = () => true } = options
  const present = listExtendedAttributes(owner)
  const wanted = attributes.filter(({ name }) => wants(name))
  const names = new Set(wanted.map(({ name }) => name))
  for (const attribute of wanted) {
    attempt(attribute.name, options, () => {
      if (!present.includes(attribute.name) || !hasValue(owner, attribute)) writeExtendedAttribute(owner, attribute)
    })
  }
  for (const name of present) {
    if (names.has(name) || !wants(name) || !isRemovable(name)) continue
    attempt(name, options, () => removeExtendedAttribute(owner, name))
  }
}

const REMOVABLE = ['user.', 'trusted.', 'system.posix_acl_', 'security.capability']

function isRemovable(name: string): boolean {
  return REMOVABLE.some((prefix) => name.startsWith(prefix))
}

function hasValue(owner: AttributeOwner, attribute: ExtendedAttribute): boolean {
  return readExtendedAttribute(owner, attribute.name)?.equals(attribute.value ?? new Uint8Array(0)) === true
}

function attempt(name: string, options: ReplaceAttributesOptions, action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const forbidden = error.code === 'EPERM' || error.code === 'EACCES'
    if (options.privileged || !forbidden || name.startsWith('user.')) options.onError(error)
  }
}
