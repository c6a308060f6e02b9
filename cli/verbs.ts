import type { Verb } from './verb.ts'
import { append } from './verbs/append.ts'
import { branch } from './verbs/branch.ts'
import { create } from './verbs/create.ts'
import { describe } from './verbs/describe.ts'
import { doctor } from './verbs/doctor.ts'
import { drop } from './verbs/drop.ts'
import { evolve } from './verbs/evolve.ts'
import { files } from './verbs/files.ts'
import { ls } from './verbs/ls.ts'
import { manifests } from './verbs/manifests.ts'
import { partitions } from './verbs/partitions.ts'
import { properties } from './verbs/properties.ts'
import { refs } from './verbs/refs.ts'
import { register } from './verbs/register.ts'
import { rename } from './verbs/rename.ts'
import { rollback } from './verbs/rollback.ts'
import { scan } from './verbs/scan.ts'
import { schema } from './verbs/schema.ts'
import { snapshots } from './verbs/snapshots.ts'
import { tag } from './verbs/tag.ts'

/** In the order that `--help` lists them. */
export const verbs: readonly Verb[] = [
  ls,
  describe,
  schema,
  snapshots,
  files,
  manifests,
  partitions,
  refs,
  properties,
  scan,
  create,
  append,
  evolve,
  branch,
  tag,
  rollback,
  drop,
  register,
  rename,
  doctor,
]
