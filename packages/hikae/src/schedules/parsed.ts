/** What a text means, or all that is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problems: readonly string[] }
