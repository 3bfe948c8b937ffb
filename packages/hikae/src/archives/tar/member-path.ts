import { ArchiveError } from '../archive-error.ts'

const LONGEST = 65_535

/**
 * The components of a member's name. A leading slash makes no difference, as tar has it.
 *
 * @throws {ArchiveError} it leads out of the archive, or nothing on Linux could be named so
 */
export function memberPath(name: string): string[] {
  const components = name.split('/').filter((part) => part !== '' && part !== '.')
  const text = Buffer.from(name.slice(0, 200), 'latin1').toString('utf8')
  if (components.includes('..')) {
    throw new ArchiveError(`the name ${text} leads out of the archive`, {
      hint: 'find out who made such an archive; nothing of it was imported',
    })
  }
  if (name.length <= LONGEST) return components
  throw new ArchiveError(`the name ${text}… is longer than ${LONGEST} bytes`, {
    hint: 'find out who made such an archive; nothing of it was imported',
  })
}
