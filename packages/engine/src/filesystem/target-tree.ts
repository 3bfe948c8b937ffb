import { childPath, cleanPath, pathComponents, absolutePath } from './byte-path.ts'

/** A directory on the way to a target, or a target. */
export interface TargetNode {
  /** Absolute. */
  readonly path: string
  /** What its target started from: `/`, `.`, `..`, `../..` and so on. */
  readonly base: string
  /** Set on targets: everything below is wanted, not the `children` only. */
  target?: TargetDetails
  /** What was asked for below, by name. */
  readonly children: Map<string, TargetNode>
}

export interface TargetDetails {
  /** st_dev that a walk of one file system stays on. */
  readonly deviceId: bigint | undefined
}

/** Where a target hangs in the snapshot's tree and what it is relative to. */
export interface PlacedTarget {
  readonly base: string
  readonly basePath: string
  /** Empty for `.`, `..` and `/`, which stand for their entries. */
  readonly components: readonly string[]
}

/** Takes a target apart: leading `..` say where it is, not what it is called (§15). */
export function placeTarget(target: string, workingDirectory: string): PlacedTarget {
  const clean = cleanPath(target)
  const components = pathComponents(clean)
  if (clean.startsWith('/')) return { base: '/', basePath: '/', components }
  const named = components.findIndex((component) => component !== '..')
  const above = named === -1 ? components : components.slice(0, named)
  const base = above.length === 0 ? '.' : above.join('/')
  return { base, basePath: absolutePath(base, workingDirectory), components: components.slice(above.length) }
}

/**
 * Hangs a target into the tree of all of them. A first component that another target with a different base has taken
 * gets `-1`, `-2` and so on. Targets below other targets need no care: they share nodes.
 */
export function addTarget(roots: Map<string, TargetNode>, placed: PlacedTarget, details: TargetDetails): void {
  const { base, components } = placed
  let nodes = roots
  let path = placed.basePath
  let node: TargetNode | undefined
  for (const [depth, component] of components.entries()) {
    path = childPath(path, component)
    const name = depth === 0 ? freeName(roots, component, base) : component
    node = nodes.get(name) ?? { path, base, children: new Map() }
    nodes.set(name, node)
    nodes = node.children
  }
  if (node !== undefined) node.target = details
}

function freeName(roots: ReadonlyMap<string, TargetNode>, component: string, base: string): string {
  let name = component
  for (let suffix = 1; (roots.get(name)?.base ?? base) !== base; suffix++) name = `${component}-${suffix}`
  return name
}
