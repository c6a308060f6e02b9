#!/usr/bin/env node
/** The `moraine` command. Exit codes: 0 done, 1 failed, 2 wrong use, 3 conflict. */
import { Command, CommanderError, Option } from 'commander'
import { isMoraineError, messageOf, version } from '../index.ts'
import { type OutputFormat, render, type Sink } from './render.ts'
import type { OptionSpec, Verb, VerbContext, VerbOptions } from './verb.ts'
import { verbs } from './verbs.ts'

const exitCodes = { done: 0, failed: 1, wrongUse: 2, conflict: 3 } as const

async function main(argv: readonly string[]): Promise<number> {
  const program = programOf()
  try {
    await program.parseAsync(argv as string[])
    return exitCodes.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse
    if (isBrokenPipe(error)) return exitCodes.done
    process.stderr.write(`moraine: ${messageOf(error)}\n`)
    return exitCodeOf(error)
  }
}

function programOf(): Command {
  const program = new Command('moraine')
    .description('Apache Iceberg tables from the shell.')
    .version(version, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(moraine --help lists the verbs)')
  for (const verb of verbs) program.addCommand(commandOf(verb))
  return program
}

function commandOf(verb: Verb): Command {
  const command = new Command(verb.name).description(verb.summary).exitOverride()
  for (const argument of verb.arguments) command.argument(argument.name, argument.description)
  for (const option of verb.options) command.addOption(optionOf(option))
  return command
    .option('-c, --catalog <folder or URI>', 'where tables are looked up by name; default: MORAINE_CATALOG')
    .addOption(
      optionOf({
        flags: '--remap <FROM=TO>',
        description: 'read a table that was copied from FROM to TO',
        repeatable: true,
      }),
    )
    .addOption(
      new Option('-f, --format <format>', 'how the output is written')
        .choices(['text', 'json', 'ndjson', 'csv'])
        .default('text'),
    )
    .addHelpText('after', `\nExample:\n  ${verb.example}`)
    .action(async (...given: unknown[]) => {
      const args = given.slice(0, verb.arguments.length).filter((arg) => typeof arg === 'string')
      const options = command.opts<VerbOptions>()
      const output = await verb.run(args, options, processContext)
      await render(output, options.format as OutputFormat, stdout)
    })
}

function optionOf({ flags, description, repeatable }: OptionSpec): Option {
  const option = new Option(flags, description)
  return repeatable
    ? option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
    : option
}

const stdout: Sink = {
  write: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
}

const processContext: VerbContext = {
  stdin: process.stdin,
  progress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
  },
}

/** The reader has gone away (`| head`): nothing is wrong. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

function exitCodeOf(error: unknown): number {
  if (!isMoraineError(error)) return exitCodes.failed
  if (error.code === 'INVALID_ARGUMENT') return exitCodes.wrongUse
  return error.code === 'COMMIT_CONFLICT' || error.code === 'VALIDATION_FAILED'
    ? exitCodes.conflict
    : exitCodes.failed
}

process.stdout.on('error', (error) => {
  if (!isBrokenPipe(error)) throw error
})
process.exitCode = await main(process.argv)
