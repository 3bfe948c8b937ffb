import { InputError } from '../../../errors.ts'

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
/** What Docker takes for a registry: it has a dot or a port. */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const REGISTRY = `${LABEL}(?:(?:\\.${LABEL})+(?::\\d+)?|:\\d+)`
const PREFIX = new RegExp(`^(?:${REGISTRY}|(?:${REGISTRY}/)?${COMPONENT}(?:/${COMPONENT})*)$`)

/** @throws {InputError} nothing can be named so */
export function parsePrefix(to: string): string {
  const prefix = to.replace(/\/$/, '')
  if (PREFIX.test(prefix)) return prefix
  throw new InputError(`'${to}' cannot stand before the names of images`, {
    hint: 'write lower-case words, such as `restored`, for names such as restored/app:1; or a file that ends with .tar',
  })
}

/** `restored/app:1`; the port of a registry would be no part of a name there. */
export function namesBelow(prefix: string, tags: readonly string[]): string[] {
  return tags.map((tag) => `${prefix}/${tag.replace(/^([^/]*):(\d+)\//, '$1-$2/')}`)
}
