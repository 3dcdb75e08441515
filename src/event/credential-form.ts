/** The forms of credentials: what can be told from its letters alone, wherever it stands. Every test is linear. */

/** A stretch of a text: a secret of a kind, or with a null kind one that is redacted already. */
export type Finding = {
  readonly start: number;
  readonly end: number;
  readonly kind: string | null;
  /** Put before and after the replacement: quotes, where a number in JSON text becomes a string. */
  readonly quote?: string;
};

/** A form that a pattern tells whole. */
type Form = {
  readonly kind: string;
  /** Sticky. No lookahead and no nested repetition, so that a text cut short never matches anew. */
  readonly pattern: RegExp;
  /** Whether no letter or digit may stand before it: `disk-…` is no `sk-…`. */
  readonly startsWord?: true;
};

const FORMS: readonly Form[] = [
  { kind: 'anthropic_key', pattern: /sk-ant-[\w-]{8,}/y },
  { kind: 'bifrost_key', pattern: /sk-bf-[\w-]{4,}/y },
  { kind: 'sk_key', pattern: /sk-[\w-]{17,}/y, startsWord: true },
  { kind: 'stripe_key', pattern: /sk_(?:live|test)_[A-Za-z0-9]{10,}/y },
  { kind: 'gatelog_key', pattern: /gl_[A-Za-z0-9]{20,}/y, startsWord: true },
  { kind: 'github_token', pattern: /gh[oprsu]_[A-Za-z0-9]{20,}/y },
  { kind: 'github_token', pattern: /github_pat_\w{20,}/y },
  { kind: 'gitlab_token', pattern: /glpat-[\w-]{20,}/y },
  { kind: 'groq_key', pattern: /gsk_[A-Za-z0-9]{20,}/y },
  { kind: 'npm_token', pattern: /npm_[A-Za-z0-9]{36,}/y, startsWord: true },
  { kind: 'slack_token', pattern: /xox[a-z]-[A-Za-z0-9-]{8,}/y },
  { kind: 'aws_access_key', pattern: /A[KS]IA[A-Z0-9]{16,}/y },
  { kind: 'google_key', pattern: /AIza[\w-]{30,}/y },
];

/** Where a form may begin; `[redacted:` so that what is redacted already is stepped over, `:` and `=` after names. */
export const HINT =
  /[:=]|sk[-_]|gl_|gh[oprsu]_|github_pat_|glpat-|gsk_|npm_|xox|A[KS]IA|AIza|eyJ|-----BEGIN|[Bb]earer[ \t]|BEARER[ \t]|[Bb]asic[ \t]|BASIC[ \t]|\[redacted:/g;

const FORMS_BY_LETTER = new Map<number, Form[]>();
for (const form of FORMS) {
  const letter = form.pattern.source.charCodeAt(0);
  FORMS_BY_LETTER.set(letter, [...(FORMS_BY_LETTER.get(letter) ?? []), form]);
}

const REDACTED = /\[redacted:[a-z0-9_.-]{1,40}:[0-9a-f]{8}\]/y;
const REDACTED_ANYWHERE = new RegExp(REDACTED.source);
const USERINFO = /:\\{0,3}\/\\{0,3}\/([^\s/?#"'<>\\]+)@/y;
const PEM_HEADER = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y;
const PEM_FOOTER = /-----END [A-Z0-9 ]{1,80}-----/y;
const PEM_BODY = /[A-Za-z0-9+/=\s\\]*/y;
const JWT_PART = /[\w-]*/y;
const JWT_HEADER_CHARACTERS_MIN = 10;
const BEARER = /(?:[Bb]earer|BEARER)[ \t]{1,4}([\w.~+/-]{6,}={0,2})/y;
const BASIC = /(?:[Bb]asic|BASIC)[ \t]{1,4}([A-Za-z0-9+/]{6,}={0,2})/y;
const PARAMETER = /^[a-z_]{1,24}=["\\]/;

/** A Bearer token longer than this is one though it is letters alone. */
const WORD_CHARACTERS_MAX = 19;

/** Runs a sticky pattern at a place. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Looks for credentials by their form in one text; `from` is where what was found last ends. */
export class FormSearch {
  /** No JWT begins before this place: what keeps a run of `eyJ` linear. */
  private barrenOfJwt = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The credential, or the redacted one, that begins at a hint. */
  at(at: number, from: number): Finding | null {
    const { text } = this;
    switch (text.charAt(at)) {
      case '[':
        return this.found(null, at, matchAt(REDACTED, text, at)?.[0].length);
      case ':':
        return this.userinfo(at);
      case '-':
        return this.pem(at);
      case 'e':
        return this.jwt(at);
      case 'B':
      case 'b':
        return this.bearer(at) ?? this.basic(at);
      default: {
        const isInWord = at > from && /[A-Za-z0-9]/.test(text.charAt(at - 1));
        for (const { kind, pattern, startsWord } of FORMS_BY_LETTER.get(text.charCodeAt(at)) ?? []) {
          const match = startsWord && isInWord ? null : matchAt(pattern, text, at);
          if (match !== null) return this.found(kind, at, match[0].length);
        }
        return null;
      }
    }
  }

  private found(kind: string | null, start: number, length: number | undefined): Finding | null {
    return length === undefined ? null : { kind, start, end: start + length };
  }

  private userinfo(at: number): Finding | null {
    const match = matchAt(USERINFO, this.text, at);
    const userinfo = match?.[1] ?? 'git';
    if (match === null || userinfo === 'git') return null;
    const start = at + match[0].length - 1 - userinfo.length;
    const isWhole = beforeRedacted(userinfo) === userinfo;
    return isWhole ? { kind: 'userinfo', start, end: start + userinfo.length } : null;
  }

  /** The whole block, or of one that was cut off as much as can be a key. */
  private pem(at: number): Finding | null {
    const header = matchAt(PEM_HEADER, this.text, at);
    if (header === null) return null;
    const body = at + header[0].length;
    // The next five dashes end the block, so that no part of the text is looked through twice.
    const footer = this.text.indexOf('-----', body);
    const match = footer === -1 ? null : matchAt(PEM_FOOTER, this.text, footer);
    const length = match === null ? (matchAt(PEM_BODY, this.text, body)?.[0].length ?? 0) : 0;
    return {
      kind: 'private_key',
      start: at,
      end: match === null ? body + length : footer + match[0].length,
    };
  }

  private jwt(at: number): Finding | null {
    if (at < this.barrenOfJwt) return null;
    const header = this.endOfPart(at);
    const payload = this.text[header] === '.' ? this.endOfPart(header + 1) : header;
    if (header - at < JWT_HEADER_CHARACTERS_MIN || payload < header + 2 || this.text[payload] !== '.') {
      this.barrenOfJwt = header;
      return null;
    }
    let end = this.endOfPart(payload + 1);
    // An encrypted one has five parts.
    for (let more = 0; more < 2 && this.text[end] === '.'; more++) end = this.endOfPart(end + 1);
    return { kind: 'jwt', start: at, end };
  }

  private endOfPart(at: number): number {
    return at + (matchAt(JWT_PART, this.text, at)?.[0].length ?? 0);
  }

  /** `Bearer authentication` is prose, and `Bearer realm="…"` a challenge. */
  private bearer(at: number): Finding | null {
    const match = matchAt(BEARER, this.text, at);
    const token = match?.[1];
    if (match === null || token === undefined) return null;
    const start = at + match[0].length - token.length;
    if (PARAMETER.test(this.text.slice(start, start + 26))) return null;
    const isToken =
      token.length > WORD_CHARACTERS_MAX || /[^A-Za-z][\w.~+/=-]|[a-z][A-Z]|[A-Z]{2}[a-z]/.test(token);
    return isToken ? this.found(formAt(this.text, start) ?? 'bearer', start, token.length) : null;
  }

  private basic(at: number): Finding | null {
    const match = matchAt(BASIC, this.text, at);
    const token = match?.[1];
    if (match === null || token === undefined || !holdsColon(token)) return null;
    return this.found('basic', at + match[0].length - token.length, token.length);
  }
}

/** Whether something redacted begins here. */
export function isRedactedAt(text: string, at: number): boolean {
  return matchAt(REDACTED, text, at) !== null;
}

/** A text as far as the first redacted secret in it: no value is longer, or redacting twice would not be as once. */
export function beforeRedacted(text: string): string {
  const at = text.search(REDACTED_ANYWHERE);
  return at === -1 ? text : text.slice(0, at);
}

/** Whether a text is one redacted secret and nothing else. */
export function isRedacted(text: string): boolean {
  return matchAt(REDACTED, text, 0)?.[0].length === text.length;
}

/** A token keeps the name of its own form behind a scheme that any token may have. */
function formAt(text: string, at: number): string | null {
  if (text.startsWith('eyJ', at)) return 'jwt';
  const forms = FORMS_BY_LETTER.get(text.charCodeAt(at)) ?? [];
  return forms.find(({ pattern }) => matchAt(pattern, text, at) !== null)?.kind ?? null;
}

/** Whether base64 unpacks to `user:password`. */
function holdsColon(token: string): boolean {
  const letters = token.replace(/=+$/, '');
  // One letter over is six bits, which are no byte.
  return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters).includes(':');
}
