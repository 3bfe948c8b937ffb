/** Whose file it is, as its first two lines say. */
export interface Ownership {
  readonly stack: string
  /** Full path of the stack file. */
  readonly config: string
}

const PATTERN =
  /^# Made by `hikae schedule install` for the stack (\S+); `hikae schedule remove` removes it\.\n# Stack file: (.*)\n/

/** The beginning of every file that we write: nothing without it is ever changed or removed. */
export function ownershipText({ stack, config }: Ownership): string {
  return `# Made by \`hikae schedule install\` for the stack ${stack}; \`hikae schedule remove\` removes it.\n# Stack file: ${config}\n`
}

/** Undefined for a file of somebody else. */
export function readOwnership(content: string): Ownership | undefined {
  const match = PATTERN.exec(content)
  return match ? { stack: match[1]!, config: match[2]! } : undefined
}
