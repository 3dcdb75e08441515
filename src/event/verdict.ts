/** The verdict on a tool call as it arrives: its status, its outcome and its error, which always fit together. */
import type { ToolCallBody } from './draft-schema.ts';
import { OUTCOMES, type Json, type Outcome, type ToolCallError, type ToolCallStatus } from './event.ts';
import { STATUS_RANK } from './merge.ts';
import { errorOfResult, outcomeOf, STATUS_OF_OUTCOME } from './outcome.ts';

/** How a call ended, if it has, and how firmly that is held. */
export type Verdict = {
  readonly status: ToolCallStatus;
  readonly outcome: Outcome | null;
  readonly error: ToolCallError | null;
  readonly statusRank: number;
  /** Whether the outcome that the call says is the one it has; else that is a field of the caller's own. */
  readonly isOutcomeTaken: boolean;
};

/**
 * Judges a posted tool call. What its result proves wins over what it says, and its status over its outcome; else each
 * implies the other, as an error implies a status.
 * @param stated the error that the call says, null without one
 */
export function verdictOf(
  { status, outcome, result }: Pick<ToolCallBody, 'status' | 'outcome' | 'result'>,
  stated: ToolCallError | null,
): Verdict {
  const said = OUTCOMES.find((known) => known === outcome) ?? null;
  const meant = said === null ? null : STATUS_OF_OUTCOME[said];
  const proven = errorOfResult(result ?? undefined);
  if (proven !== null) {
    // A gateway that turned the call away, and answered it with such a result, knows the layer.
    const taken = meant === 'error' ? said : null;
    const error = { ...proven, ...stated };
    return verdict('error', taken, error, result, STATUS_RANK.proven);
  }
  const isSaid = (status ?? said ?? stated) !== null;
  const judged = status ?? meant ?? (stated === null ? 'success' : 'error');
  return verdict(judged, meant === judged ? said : null, stated, result, rankOf(judged, isSaid));
}

function verdict(
  status: ToolCallStatus,
  taken: Outcome | null,
  error: ToolCallError | null,
  result: Json | undefined,
  statusRank: number,
): Verdict {
  const outcome = taken ?? outcomeOf(status, error, result ?? undefined);
  return { status, outcome, error, statusRank, isOutcomeTaken: taken !== null };
}

function rankOf(status: ToolCallStatus, isSaid: boolean): number {
  if (status === 'processing') return STATUS_RANK.processing;
  return isSaid ? STATUS_RANK.stated : STATUS_RANK.implied;
}
