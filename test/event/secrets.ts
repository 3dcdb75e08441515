/** One made-up credential of each form, put together at run time so that no scanner of repositories takes it for real. */

const made = (part: string): string => part;
const LETTERS = 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5';

/** A PEM block over several lines. */
export const PEM = `-----BEGIN RSA ${made('PRIVATE')} KEY-----\nMIIEow${LETTERS}\n${LETTERS}/+==\n-----END RSA PRIVATE KEY-----`;

/** Kind and secret; each is told by its form alone. */
export const SECRETS: readonly (readonly [kind: string, secret: string])[] = [
  ['anthropic_key', `sk-${made('ant')}-api03-${LETTERS}-_x`],
  ['bifrost_key', `sk-${made('bf')}-0b7c2a1e-1111-4222-8333-944445555666`],
  ['sk_key', `sk-${made('proj')}-${LETTERS}`],
  ['sk_key', `sk-${LETTERS.slice(0, 20)}`],
  ['stripe_key', `sk_${made('live')}_${LETTERS}`],
  ['gatelog_key', `gl_${LETTERS.slice(0, 43)}`],
  ['github_token', `ghp_${LETTERS.slice(0, 36)}`],
  ['github_token', `gho_${LETTERS.slice(0, 36)}`],
  ['github_token', `ghs_${LETTERS.slice(0, 36)}`],
  ['github_token', `ghu_${LETTERS.slice(0, 36)}`],
  ['github_token', `ghr_${LETTERS.slice(0, 36)}`],
  ['github_token', `github_${made('pat')}_${LETTERS}_${LETTERS}`],
  ['gitlab_token', `glpat-${LETTERS.slice(0, 20)}`],
  ['groq_key', `gsk_${LETTERS}`],
  ['npm_token', `npm_${LETTERS.slice(0, 36)}`],
  ['slack_token', `xox${made('b')}-123456789012-${LETTERS.slice(0, 24)}`],
  ['slack_token', `xox${made('p')}-123456789012-${LETTERS.slice(0, 24)}`],
  ['aws_access_key', `AKIA${made('IOSFODNN7EXAMPLE')}`],
  ['aws_access_key', `ASIA${made('IOSFODNN7EXAMPLE')}`],
  ['google_key', `AIza${LETTERS.slice(0, 35)}`],
  ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
  ['private_key', PEM],
];
