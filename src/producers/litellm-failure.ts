/** LiteLLM's failures: whether a payload tells of one, and what it says about it. */
import type { JsonObject } from '../event/event.ts';
import { at, countAt, objectAt, textAt } from './json-field.ts';

/** The status of a failure whose code is no HTTP status. */
const FAILURE_STATUS = 500;

/** Exceptions by which LiteLLM itself turns a call away, and whose names do not say so. */
const DENYING_CLASSES = new Set([
  'GuardrailRaisedException',
  'BlockedPiiEntityError',
  'RejectedRequestError',
  'BudgetExceededError',
]);

/** Undefined when the payload does not say: the older one is sent for successes alone. */
export function hasFailed(payload: JsonObject): boolean | undefined {
  const status = at(payload, 'status');
  if (status === 'success' || status === 'failure') return status === 'failure';
  const hasError = textAt(payload, 'error_str') ?? textAt(payload, 'error_information', 'error_class');
  return hasError === undefined ? undefined : true;
}

/** The HTTP status of a failed request. */
export function failureStatus(payload: JsonObject): number {
  const code = countAt(payload, 'error_information', 'error_code') ?? 0;
  return code >= 100 && code <= 599 ? code : FAILURE_STATUS;
}

/** What a tool call says of its end; the layer of an error follows from its class and code, where they tell it. */
export function toolEnd(payload: JsonObject) {
  const isFailed = hasFailed(payload);
  if (isFailed !== true) return { status: isFailed === undefined ? undefined : 'success' };
  const information = objectAt(payload, 'error_information');
  const errorClass = textAt(information, 'error_class');
  return {
    status: 'error',
    outcome: errorClass !== undefined && DENYING_CLASSES.has(errorClass) ? 'denied' : undefined,
    error: {
      type: errorClass,
      code: textAt(information, 'error_code'),
      message: textAt(information, 'error_message') ?? textAt(payload, 'error_str'),
      provider: textAt(information, 'llm_provider'),
    },
  };
}
