/** The D1 of the fault schedules: it fails as planned, and the plan outlives every eviction of the object. */
import { withBatch } from '../ingest/faulty-database.ts';

/** What can happen to one transaction of the object. */
export const TRANSACTION_FAULTS = [
  'none',
  'lost before',
  'lost after commit',
  'reset before',
  'reset after commit',
  'overloaded',
  'unknown error',
  'slow',
  'hang before',
  'hang after commit',
  'overtaken',
] as const;

/** What happens to one transaction; a hang ends when it is released, or with the life of the object. */
export type TransactionFault = (typeof TRANSACTION_FAULTS)[number];

/** What can happen to one statement of a reader: failures that D1 itself calls passing. */
export const READ_FAULTS = ['none', 'lost before', 'reset before', 'overloaded'] as const;

/** What happens to one statement of a reader. */
export type ReadFault = (typeof READ_FAULTS)[number];

/** What D1 says, word for word where that is known (platform.md, 1.3). */
const MESSAGES: Readonly<Record<string, string>> = {
  lost: 'D1_ERROR: Network connection lost.',
  reset: 'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.',
  overloaded: 'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
  unknown: 'D1_ERROR: internal error; reference = 0000',
};

/** How long a slow transaction takes before it begins, in milliseconds: longer than most calls. */
const SLOW_MILLISECONDS = 15;

/** How often what hangs looks whether it is released, in milliseconds. */
const POLL_MILLISECONDS = 5;

const plan: TransactionFault[] = [];
const readPlan: ReadFault[] = [];
/** Transactions that failed for whoever sent them, and commit all the same once a later one has. */
let overtaken: (() => Promise<unknown>)[] = [];
let hanging: { isReleased: boolean }[] = [];

/** How often each fault has struck since the start. */
export const struck = new Map<string, number>();

/** Plans what happens to the next transactions and the next statements of readers. */
export function planFaults(
  transactions: readonly TransactionFault[],
  reads: readonly ReadFault[] = [],
): void {
  plan.push(...transactions);
  readPlan.push(...reads);
}

/** Whether some transaction has no answer yet, and gets none by itself. */
export function isHanging(): boolean {
  return hanging.length > 0;
}

/** Forgets the plan for readers, of which a request may use only a part. */
export function healReads(): void {
  readPlan.length = 0;
}

/** Forgets what hangs, since the object that waited for it is gone. */
export function forgetHanging(): void {
  hanging = [];
}

/** Forgets all plans, and lets what hangs fail. */
export function heal(): void {
  plan.length = 0;
  healReads();
  for (const hang of hanging) hang.isReleased = true;
  hanging = [];
}

/** The database as the object has it. */
export function faultyForObject(database: D1Database): D1Database {
  return withBatch(database, async (statements) => {
    const fault = plan.shift() ?? 'none';
    count(fault);
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MILLISECONDS));
    if (fault === 'overtaken') {
      overtaken.push(() => database.batch(statements));
      throw failureOf('lost');
    }
    if (fault === 'none' || fault === 'slow') return withThoseOvertaken(await database.batch(statements));
    if (fault.endsWith('after commit')) await database.batch(statements);
    if (fault.startsWith('hang')) await released();
    throw failureOf(fault);
  });
}

/** Lets commit, if D1 does, what a transaction has overtaken. */
async function withThoseOvertaken<T>(results: T): Promise<T> {
  const late = overtaken;
  overtaken = [];
  for (const commit of late) await commit().catch(() => undefined);
  return results;
}

/** The database as readers have it, in sessions too, which have no bookmark then. */
export function faultyForReaders(database: D1Database): D1Database {
  const prepare = (query: string): D1PreparedStatement => {
    const fault = readPlan.shift() ?? 'none';
    if (fault === 'none') return database.prepare(query);
    count(`read ${fault}`);
    const fail = () => Promise.reject(failureOf(fault));
    const failing = { bind: () => failing, run: fail, all: fail, raw: fail, first: fail };
    return failing;
  };
  const faulty: D1Database & Pick<D1DatabaseSession, 'getBookmark'> = {
    prepare,
    batch: database.batch.bind(database),
    exec: database.exec.bind(database),
    dump: database.dump.bind(database),
    withSession: () => faulty,
    getBookmark: () => null,
  };
  return faulty;
}

/** Looks again and again, since nobody outside of the object may settle a promise that it waits for. */
async function released(): Promise<void> {
  const hang = { isReleased: false };
  hanging.push(hang);
  while (!hang.isReleased) await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
}

function failureOf(fault: string): Error {
  return new Error(MESSAGES[fault.split(' ')[0] ?? ''] ?? MESSAGES['lost']);
}

function count(fault: string): void {
  if (fault !== 'none') struck.set(fault, (struck.get(fault) ?? 0) + 1);
}
