/** The resident memory of the local runtime: read from /proc, of every workerd below this process. */
import { readdirSync, readFileSync } from 'node:fs';

/** Memory in bytes: what is resident in all, and the part that no file backs, which is where a leak shows. */
export type Resident = { readonly all: number; readonly anonymous: number };

const KIBIBYTE = 1024;

/** The memory now; null where the machine has no /proc, or no runtime lives. */
export function residentMemory(): Resident | null {
  const statuses = statusesOfAll();
  const runtimes = statuses.filter(
    (status) => field(status, 'Name') === 'workerd' && isBelow(status, process.pid, statuses),
  );
  if (runtimes.length === 0) return null;
  const sum = (name: string): number =>
    runtimes.reduce((bytes, status) => bytes + Number.parseInt(field(status, name), 10) * KIBIBYTE, 0);
  return { all: sum('VmRSS'), anonymous: sum('RssAnon') };
}

function statusesOfAll(): readonly string[] {
  return entriesOf('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return [readFileSync(`/proc/${entry}/status`, 'utf8')];
    } catch {
      // It has ended since.
      return [];
    }
  });
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isBelow(status: string, ancestor: number, all: readonly string[]): boolean {
  const parent = field(status, 'PPid');
  if (Number(parent) === ancestor) return true;
  const above = all.find((other) => field(other, 'Pid') === parent);
  return above !== undefined && isBelow(above, ancestor, all);
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
}
