import { digitsOf } from './layers/digest.ts'

export const LAYERS_FOLDER = 'layers'
export const IMAGES_FOLDER = 'images'
export const CONTENT_FILE = 'content'
export const HEADERS_FILE = 'headers'
export const CONFIG_FILE = 'config.json'
export const MANIFEST_FILE = 'manifest.json'

/** Where a file of an image is in the snapshot. */
export function imagePath(id: string, file: string): string {
  return `/${IMAGES_FOLDER}/${digitsOf(id)}/${file}`
}

/** Where a part of a layer is in the snapshot. */
export function layerPath(digest: string, file: string): string {
  return `/${LAYERS_FOLDER}/${digitsOf(digest)}/${file}`
}
