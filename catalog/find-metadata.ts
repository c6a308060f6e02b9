import { MoraineError } from '../format/errors.ts'
import { joinLocation, stripTrailingSlash } from '../format/location.ts'
import type { ObjectInfo, ObjectStore } from '../storage/object-store.ts'

/**
 * The newest metadata file below a table's location, by the version in its name: `v<N>.metadata.json` as folder
 * catalogs write it, `<NNNNN>-<uuid>.metadata.json` as the others do, gzipped or not. Two files of one version are
 * told apart by their age. For reading without a catalog, which cannot know better. Throws NOT_FOUND.
 */
export async function findCurrentMetadata(store: ObjectStore, location: string): Promise<ObjectInfo> {
  const folder = `${joinLocation(stripTrailingSlash(location), 'metadata')}/`
  let newest: { readonly version: number; readonly info: ObjectInfo } | undefined
  for await (const info of store.list(folder)) {
    const version = versionOf(info.location.slice(folder.length))
    if (version === undefined) continue
    const isNewer =
      newest === undefined ||
      version > newest.version ||
      (version === newest.version && info.lastModifiedMs > newest.info.lastModifiedMs)
    if (isNewer) newest = { version, info }
  }
  if (newest !== undefined) return newest.info
  throw new MoraineError('NOT_FOUND', `no table at ${location}: there is no metadata file in ${folder}`, {
    context: { location },
  })
}

function versionOf(name: string): number | undefined {
  const match = /^(?:v(\d{1,10})|(\d{5,10})-[0-9a-zA-Z-]+)(?:\.gz)?\.metadata\.json(?:\.gz)?$/.exec(name)
  return match === null ? undefined : Number(match[1] ?? match[2])
}
