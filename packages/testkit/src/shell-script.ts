import { runOk } from './run-process.ts'

/**
 * A list of commands that the system's own tools carry out in one bash, so that test data does not depend on the code
 * under test. Words are byte strings (latin1) and are quoted; any byte but zero may occur in them.
 */
export class ShellScript {
  readonly #lines: string[] = []

  add(...words: readonly string[]): void {
    this.#lines.push(words.map(quote).join(' '))
  }

  /** Runs all commands in `folder`; the first that fails ends it with an error. */
  async run(folder: string): Promise<void> {
    const script = `set -e\n${this.#lines.join('\n')}\n`
    await runOk('bash', ['-s'], { cwd: folder, input: script, env: { LC_ALL: 'C', TZ: 'UTC' }, timeoutMs: 120_000 })
    this.#lines.length = 0
  }
}

function quote(word: string): string {
  if (/^[\w./:@=+,-]+$/.test(word)) return word
  const escaped = word.replaceAll(/[^\w ./:@=+,-]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `$'${escaped}'`
}
