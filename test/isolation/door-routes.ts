/** The doors of producers: the same deliveries, with another's home in the query string. */
import { producers } from '../../src/producers/index.ts';
import { DOORS } from '../api/door-cases.ts';
import type { World } from '../world.ts';
import type { Call, Place } from './identities.ts';
import { serverOf } from './marked-events.ts';
import type { RouteCase } from './route-case.ts';

function doorRoutes(): Readonly<Record<string, RouteCase>> {
  return Object.fromEntries(
    DOORS.flatMap((door) =>
      (producers.find(({ name }) => name === door.producer)?.paths ?? []).flatMap((pattern) =>
        ['POST', 'PUT'].map((method) => {
          const writes = (of: Place): readonly Call[] => [
            { ...deliveryOf(of, door, 'forged'), path: pathOf(of, door, pattern), method },
          ];
          return [`${method} ${pattern}`, { scope: 'ingest', writes }] as const;
        }),
      ),
    ),
  );
}

type Door = (typeof DOORS)[number];

const worldOf = (of: Place): World => ({ project: of.project, workspace: of.workspace }) as World;

function pathOf(of: Place, door: Door, pattern: string): string {
  const home = `wait=true&project_id=${of.project}&workspace_id=${of.workspace}&server_id=${serverOf(of)}`;
  const [path = ''] = pattern === '' ? door.path(worldOf(of)).split('?') : [pattern];
  return `${path.replace(':index', 'logs')}?${home}`;
}

/** A delivery through a door into a place. The ids that formats derive do not depend on these words. */
export function deliveryOf(of: Place, door: Door, words: string): Call {
  const body = door.body(worldOf(of), words);
  return { path: pathOf(of, door, ''), method: 'POST', body, headers: { 'content-type': door.type } };
}

/** Every door by each of its paths. One without a case in door-cases.ts has no entry here. */
export const DOOR_ROUTES: Readonly<Record<string, RouteCase>> = doorRoutes();
