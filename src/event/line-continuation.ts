/** Lines that only continue the entry before them: stack traces, and whatever is indented. */
import type { Envelope } from './line-envelope.ts';
import { levelOfWord } from './level.ts';

/** Python says between two tracebacks of one failure how the second came of the first. */
const CONTINUATION =
  /^(?:\s|Traceback\b|Caused by\b|at \S|During handling of the above exception|The above exception was the direct cause)/;

/** Loggers pad levels to one width: `…Z  INFO message` is a line of its own. */
const INDENTED_LEVEL = /^\s+([A-Z]{4,9})[\s:]/;

const TRACEBACK = /^\s*Traceback\b/;
const INDENTED = /^\s/;

/** `ValueError: x`, `requests.exceptions.HTTPError: 404` or `KeyboardInterrupt`. */
const EXCEPTION = /^([A-Za-z_][\w.]{0,300})(?:: |:?$)/;

/**
 * Whether a line continues the entry before it: by leading white space, `Traceback`, `Caused by` or `at …`
 * (contracts/server-logs.md, "The line parser"). A traceback also takes the first line after it that is not indented, if
 * that names an exception.
 * @param inTraceback whether the lines before it are a traceback that has not named its exception yet
 */
export function isContinuation({ content, timestamp }: Envelope, inTraceback: boolean): boolean {
  if (inTraceback && (INDENTED.test(content) || namesException(content))) return true;
  if (!CONTINUATION.test(content)) return false;
  const word = timestamp === null ? undefined : INDENTED_LEVEL.exec(content)?.[1];
  return word === undefined || levelOfWord(word) === null;
}

/** Whether a traceback is open after a line, given whether it was open before. */
export function leavesTracebackOpen({ content }: Envelope, inTraceback: boolean): boolean {
  return TRACEBACK.test(content) || (inTraceback && INDENTED.test(content));
}

/** `ERROR: x` is a line with a level, `Error: x` an exception. */
function namesException(content: string): boolean {
  const name = EXCEPTION.exec(content)?.[1];
  return name !== undefined && (levelOfWord(name) === null || name !== name.toUpperCase());
}
