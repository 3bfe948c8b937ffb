import { access, constants, readFile } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { BLOCK_DEVICE_COLUMNS, parseBlockDevices, type BlockDevice, type DeviceContent } from './block-devices.ts'
import { MOUNT_COLUMNS, parseMounts, type MountedFileSystem } from './mounts.ts'
import { parseBlkid, parseWipefs, type Signature } from './signatures.ts'
import { runTool, type ToolOptions, type ToolResult } from './tool.ts'

/** blkid's answers that are no failure: something, nothing, several things that contradict each other. */
const BLKID_ANSWERS = [0, 2, 8]

/** What this machine says about its disks; every question is asked anew. */
export class DiskSystem {
  readonly #options: Pick<ToolOptions, 'searchPath' | 'signal'>

  constructor(options: Pick<ToolOptions, 'searchPath' | 'signal'> = {}) {
    this.#options = options
  }

  /** Runs any program as the questions do. */
  run(program: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
    return runTool(program, args, { ...this.#options, ...options })
  }

  /** All mounts, oldest first. Asks no file system anything, so a server that is away does not matter. */
  async mounts(): Promise<MountedFileSystem[]> {
    return this.#findmnt([])
  }

  /** The file system whose root is `folder` now: the last of several that were mounted there. */
  async mountedAt(folder: string): Promise<MountedFileSystem | undefined> {
    return (await this.#findmnt(['--mountpoint', folder])).at(-1)
  }

  /** The file system that `path`, which must exist, is on. */
  async mountOf(path: string): Promise<MountedFileSystem | undefined> {
    return (await this.#findmnt(['--target', path])).at(-1)
  }

  /** Disks with what lies on them below. */
  async blockDevices(): Promise<BlockDevice[]> {
    const { stdout } = await this.run('lsblk', ['--json', '--bytes', '--output', BLOCK_DEVICE_COLUMNS])
    return parseBlockDevices(stdout)
  }

  /**
   * Looks at the device itself, which only root may.
   *
   * @returns undefined when it may not be read
   */
  async probe(device: string): Promise<DeviceContent | undefined> {
    try {
      await access(device, constants.R_OK)
    } catch (error) {
      if (['EACCES', 'EPERM', 'ENOENT'].includes(systemCode(error) ?? '')) return undefined
      throw error
    }
    const { stdout } = await this.run('blkid', ['--probe', '--output', 'export', device], { accepts: BLKID_ANSWERS })
    return parseBlkid(stdout)
  }

  /** Every signature on the device, also those that blkid finds contradictory. Only for root. */
  async signatures(device: string): Promise<Signature[]> {
    const { stdout } = await this.run('wipefs', ['--no-act', '--json', device])
    return parseWipefs(stdout)
  }

  /** Devices and files that the system swaps to. */
  async swapSpaces(): Promise<string[]> {
    const lines = (await readFile('/proc/swaps', 'utf8')).split('\n').slice(1)
    return lines.map((line) => line.split(/\s/)[0]!).filter((path) => path !== '')
  }

  async #findmnt(args: readonly string[]): Promise<MountedFileSystem[]> {
    const { stdout } = await this.run(
      'findmnt',
      ['--json', '--list', '--nofsroot', '--output', MOUNT_COLUMNS, ...args],
      { accepts: [0, 1] }, // 1: there is none
    )
    return parseMounts(stdout)
  }
}
