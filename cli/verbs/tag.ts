import { refVerb } from '../ref-verb.ts'

export const tag = refVerb('tag')
