/** What a shell should offer where a value is wanted. */
export type Completes = 'file' | 'directory' | 'nothing'

interface OptionBase {
  /** One line, lower-case, no full stop. */
  readonly help: string
  /** One letter. */
  readonly short?: string
}

interface ValueBase<T> extends OptionBase {
  /** Stands for the value in help: `FILE`. */
  readonly placeholder: string
  /** @throws {UsageError} when the text makes no sense; the message says what would */
  readonly parse: (text: string) => T
  /** Allowed words, for help and completion; `parse` enforces them. */
  readonly choices?: readonly string[]
  readonly completes?: Completes
  /** `HOST`: HIKAE_HOST and then RESTIC_HOST stand in for an option that is not given. */
  readonly env?: string
}

export interface FlagOption extends OptionBase {
  readonly kind: 'flag'
}

/** A flag that may be repeated; its value is how often. */
export interface CountOption extends OptionBase {
  readonly kind: 'count'
}

export interface ValueOption<T> extends ValueBase<T> {
  readonly kind: 'value'
}

/** A value that may be given several times. */
export interface ListOption<T> extends ValueBase<T> {
  readonly kind: 'list'
}

export type Option = FlagOption | CountOption | ValueOption<unknown> | ListOption<unknown>

/** By camel-case name: `excludeFile` is `--exclude-file`. */
export type Options = Readonly<Record<string, Option>>

type ValueOf<O extends Option> = O extends FlagOption
  ? boolean
  : O extends CountOption
    ? number
    : O extends ListOption<infer T>
      ? readonly T[]
      : O extends ValueOption<infer T>
        ? T | undefined
        : never

export type OptionValues<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> }

export function flag(option: Omit<FlagOption, 'kind'>): FlagOption {
  return { kind: 'flag', ...option }
}

export function count(option: Omit<CountOption, 'kind'>): CountOption {
  return { kind: 'count', ...option }
}

export function value<T>(option: Omit<ValueOption<T>, 'kind'>): ValueOption<T> {
  return { kind: 'value', ...option }
}

export function list<T>(option: Omit<ListOption<T>, 'kind'>): ListOption<T> {
  return { kind: 'list', ...option }
}

/** `excludeFile` → `exclude-file` */
export function longName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
