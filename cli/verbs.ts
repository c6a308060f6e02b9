import type { Verb } from './verb.ts'

/** In the order that `--help` lists them. Each is loaded when it is asked for: a command line starts the sooner. */
const loaders: ReadonlyMap<string, () => Promise<Verb>> = new Map([
  ['ls', async () => (await import('./verbs/ls.ts')).ls],
  ['describe', async () => (await import('./verbs/describe.ts')).describe],
  ['schema', async () => (await import('./verbs/schema.ts')).schema],
  ['snapshots', async () => (await import('./verbs/snapshots.ts')).snapshots],
  ['files', async () => (await import('./verbs/files.ts')).files],
  ['manifests', async () => (await import('./verbs/manifests.ts')).manifests],
  ['partitions', async () => (await import('./verbs/partitions.ts')).partitions],
  ['refs', async () => (await import('./verbs/refs.ts')).refs],
  ['properties', async () => (await import('./verbs/properties.ts')).properties],
  ['scan', async () => (await import('./verbs/scan.ts')).scan],
  ['create', async () => (await import('./verbs/create.ts')).create],
  ['append', async () => (await import('./verbs/append.ts')).append],
  ['evolve', async () => (await import('./verbs/evolve.ts')).evolve],
  ['branch', async () => (await import('./verbs/branch.ts')).branch],
  ['tag', async () => (await import('./verbs/tag.ts')).tag],
  ['rollback', async () => (await import('./verbs/rollback.ts')).rollback],
  ['drop', async () => (await import('./verbs/drop.ts')).drop],
  ['register', async () => (await import('./verbs/register.ts')).register],
  ['rename', async () => (await import('./verbs/rename.ts')).rename],
  ['doctor', async () => (await import('./verbs/doctor.ts')).doctor],
  ['completion', async () => (await import('./verbs/completion.ts')).completion],
])

/** Undefined when there is no verb of that name. */
export async function loadVerb(name: string): Promise<Verb | undefined> {
  return loaders.get(name)?.()
}

export async function loadVerbs(): Promise<readonly Verb[]> {
  return Promise.all(Array.from(loaders.values(), (load) => load()))
}
