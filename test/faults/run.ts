/** Running a schedule: sends its calls, strikes at the object, and keeps in memory what that allows. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { exports } from 'cloudflare:workers';
import { ingestObject } from '../ingest/faulty-database.ts';
import { world, type World } from '../world.ts';
import { areThere } from './audit.ts';
import { prepared, removal, reversed, type SentCall } from './calls.ts';
import { forgetHanging, heal, healReads, isHanging, planFaults } from './faulty-d1.ts';
import { openMemory, type Act, type Expected, type Ran } from './memory.ts';
import type { Blow, Request as Asked, Step } from './schedule.ts';

/** How long a client waits for an answer, in milliseconds; while D1 hangs, there is none to wait for. */
const PATIENCE_MILLISECONDS = 400;
const PATIENCE_WHILE_HANGING = 40;

/** How often a client that waits looks whether D1 hangs, in milliseconds. */
const POLL_MILLISECONDS = 5;

/**
 * What became of a request: it took place, and perhaps its events could be read at once; nothing of it did; or nobody
 * knows. What is under way may still take place.
 */
type Fate = 'certain' | 'readable' | 'refused' | 'unknown' | 'under way';

/** A request whose outcome is unknown and that may still be going on. */
type Open = { readonly act: Act; isOver: boolean };

/** Runs a schedule in a world of its own; at its end D1 is whole again, and whatever was under way is over. */
export async function run(steps: readonly Step[]): Promise<Ran> {
  const here = await world();
  const minted = await here.mint({ scopes: ['admin'], project_id: here.project });
  if (typeof minted['key'] !== 'string') throw new Error(`no key: ${JSON.stringify(minted)}`);
  const schedule = new Run(here, minted['key']);
  for (const step of steps) await schedule.take(step);
  return schedule.end();
}

class Run {
  readonly #here: World;
  readonly #admin: string;
  readonly #memory = openMemory();
  readonly #expected = new Map<string, Expected>();
  readonly #calls: SentCall[] = [];
  #open: Open[] = [];
  #background: Promise<unknown>[] = [];
  #acked = 0;
  #number = 0;

  constructor(here: World, admin: string) {
    this.#here = here;
    this.#admin = admin;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'ask': {
        const sent = step.requests.map((request) => this.#send(request));
        const struck = pause(step.blowAfter).then(() => this.#strike(step.blow));
        const fates = await Promise.all(sent.map(({ fate }) => fate));
        await struck;
        this.#note(sent.map(({ open }, place) => ({ open, fate: fates[place] ?? 'unknown' })));
        // Of two at once, or of what is still under way, one may take away what the other brought.
        const isAlone = sent.length === 1 && this.#open.length === 0;
        if (isAlone && fates[0] === 'readable') await areThere(sent[0]?.call?.act.arrivals.values() ?? []);
        return;
      }
      case 'fail':
        return planFaults(step.faults);
      case 'strike':
        return this.#strike(step.blow);
      case 'read':
        planFaults([], step.faults);
        await isHonest(this.#here, step.list);
        return healReads();
      case 'pause':
        return pause(step.milliseconds);
    }
  }

  async end(): Promise<Ran> {
    heal();
    await Promise.race([Promise.allSettled(this.#background), pause(PATIENCE_MILLISECONDS)]);
    this.#note([]);
    return { here: this.#here, memory: this.#memory, expected: this.#expected, acked: this.#acked };
  }

  #send(request: Asked): { call: SentCall | null; open: Open; fate: Promise<Fate> } {
    if (request.do === 'delete') {
      const { act, ids } = removal(this.#here, request.places);
      const answer = this.#here.ask('/api/mcp-logs', { method: 'DELETE', key: this.#admin, body: { ids } });
      const open = { act, isOver: false };
      // A 503 tells that D1 failed, which may have been after its commit.
      const fate = fateOf(answer).then((known) => (known === 'refused' ? 'unknown' : known));
      return { call: null, open, fate: this.#awaited(fate, open) };
    }
    const call = this.#callOf(request);
    const { manner } = call.drawn;
    const isCut = manner === 'breaks off';
    const hangUp = isCut || manner === 'hangs up' ? new AbortController() : null;
    const open = { act: call.act, isOver: false };
    const fate = fateOf(exports.default.fetch(call.request(hangUp?.signal ?? null, isCut)), isCut);
    if (hangUp !== null) {
      void pause(call.drawn.listens).then(() => hangUp.abort());
      // Nobody hears when that ends; but what never came whole was never there.
      const heard = fate.then((known) => (known === 'unknown' ? 'under way' : known));
      return { call, open, fate: this.#expecting(call, isCut ? nothingOf(fate) : heard) };
    }
    const heard = this.#awaited(fate, open);
    return {
      call,
      open,
      fate: this.#expecting(call, manner === 'drops' ? Promise.resolve('under way') : heard),
    };
  }

  #callOf(request: Exclude<Asked, { do: 'delete' }>): SentCall {
    const earlier = request.do === 'repeat' ? this.#calls.at(-1 - request.again) : undefined;
    if (earlier !== undefined && request.do === 'repeat')
      return request.reversed ? reversed(this.#here, earlier, this.#number++) : earlier;
    if (request.do === 'repeat') return prepared(this.#here, NOTHING, this.#number++);
    const call = prepared(this.#here, request.call, this.#number++);
    this.#calls.push(call);
    return call;
  }

  /** Waits as long as a client would; what goes on after that is under way. */
  async #awaited(fate: Promise<Fate>, open: Open): Promise<Fate> {
    const over = fate.then((known) => {
      open.isOver = true;
      return known;
    });
    this.#background.push(over);
    return Promise.race([over, patience().then((): Fate => 'under way')]);
  }

  async #expecting(call: SentCall, fate: Promise<Fate>): Promise<Fate> {
    const known = await fate;
    if (isCertain(known)) this.#acked += call.drawn.events.length;
    for (const { text, isOnce } of call.marked) {
      const { least, most } = this.#expected.get(text) ?? { least: 0, most: 0 };
      const limit = isOnce ? 1 : Infinity;
      this.#expected.set(text, {
        least: Math.min(least + (isCertain(known) ? 1 : 0), limit),
        most: Math.min(most + (known === 'refused' ? 0 : 1), limit),
      });
    }
    return known;
  }

  #note(ended: readonly { open: Open; fate: Fate }[]): void {
    const certain = ended.filter(({ fate }) => isCertain(fate)).map(({ open }) => open.act);
    const unknown = ended.filter(({ fate }) => fate === 'unknown' || fate === 'under way');
    const open = [...this.#open, ...unknown.map((each) => each.open)];
    this.#memory.note({ certain, open: open.map(({ act }) => act) });
    this.#open = open.filter(({ isOver }) => !isOver);
  }

  async #strike(blow: Blow): Promise<void> {
    switch (blow) {
      case 'none':
        return;
      case 'heal':
        return heal();
      case 'abort':
        await abortAllDurableObjects();
        return forgetHanging();
      case 'evict':
      case 'alarm': {
        // Both wait for what the object is doing, which a D1 that hangs does not let it end; an object that does not
        // live cannot be evicted.
        const struck = (
          blow === 'evict' ? evictDurableObject(ingestObject()) : runDurableObjectAlarm(ingestObject())
        ).catch(() => false);
        this.#background.push(struck);
        await Promise.race([struck, patience()]);
      }
    }
  }
}

/** What a repetition sends where there is nothing to repeat. */
const NOTHING = {
  route: 'lines',
  events: [],
  isKeyed: false,
  isWaiting: false,
  manner: 'waits',
  listens: 0,
} as const;

/** Lists answer with all that they know, or say that they cannot; never anything else. */
async function isHonest(here: World, list: number): Promise<void> {
  const paths = [
    '/api/mcp-logs?limit=20',
    '/v1/requests?limit=20',
    `/v1/workspaces/${here.workspace}/servers/echo/logs`,
    '/api/mcp-logs/stats',
  ];
  const path = paths[list % paths.length] ?? '';
  const response = await here.ask(path);
  const text = await response.text();
  const isUnknownServer = path.endsWith('/logs') && response.status === 404;
  if (response.status !== 200 && response.status !== 503 && !isUnknownServer)
    throw new Error(`GET ${path}: ${response.status} ${text}`);
  JSON.parse(text);
}

/** What an answer tells. Whatever is not one of the answers of the contract ends the schedule. */
async function fateOf(answer: Promise<Response>, mayBeCut = false): Promise<Fate> {
  const response = await answer.catch(() => null);
  const text = await response?.text().catch(() => null);
  if (response === null || text === null) return 'unknown';
  if (response.ok) return text?.includes('"readable":true') === true ? 'readable' : 'certain';
  if (response.status === 503 || (response.status === 400 && mayBeCut)) return 'refused';
  if (response.status === 500) return 'unknown';
  throw new Error(`an answer that nothing explains: ${response.status} ${text}`);
}

/** Of a body that broke off nothing may be kept, whatever its client hears. */
async function nothingOf(fate: Promise<Fate>): Promise<Fate> {
  if (isCertain(await fate)) throw new Error('a body that broke off was acknowledged');
  return 'refused';
}

function isCertain(fate: Fate): boolean {
  return fate === 'certain' || fate === 'readable';
}

/** Resolves when a client would have given up. */
async function patience(): Promise<void> {
  const start = Date.now();
  let hungSince: number | null = null;
  while (Date.now() - start < PATIENCE_MILLISECONDS) {
    if (isHanging()) hungSince ??= Date.now();
    if (hungSince !== null && Date.now() - hungSince >= PATIENCE_WHILE_HANGING) return;
    await pause(POLL_MILLISECONDS);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
