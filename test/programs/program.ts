/** Programs of Node that begin with a block of the README, each in a process of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Under node_modules, so that a program finds the packages that it imports. */
const PROGRAMS = join(import.meta.dirname, '../../node_modules/.cache/gatelog-programs');

/** How long a program may take, in milliseconds; those here post a few lines and end. */
const PROGRAM_MILLISECONDS_MAX = 60_000;

/** A program that ended. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a module of JavaScript to its end. */
export async function runProgram(text: string): Promise<Ended> {
  return withProgram(text, (file) => runCommand(process.execPath, [file]));
}

/** Writes a module of JavaScript to a file that is there as long as `use` takes. */
export async function withProgram<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  mkdirSync(PROGRAMS, { recursive: true });
  const folder = mkdtempSync(join(PROGRAMS, 'program-'));
  try {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, text);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command to its end; one that takes too long is ended, with the code null. */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  millisecondsMax: number = PROGRAM_MILLISECONDS_MAX,
): Promise<Ended> {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], timeout: millisecondsMax });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, stdout: '', stderr: error.message }));
    child.once('close', (code) => resolve({ code, ...printed }));
  });
}
