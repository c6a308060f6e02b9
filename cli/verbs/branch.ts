import { refVerb } from '../ref-verb.ts'

export const branch = refVerb('branch')
