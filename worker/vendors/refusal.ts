/**
 * Turns what a vendor refuses into our codes: one table for all vendors, by their own codes first
 * and by the HTTP status else.
 */
import { ProblemError, type ProblemCode } from '../../src/job/problem.ts';
import { retryDelayMs } from './retry-delay.ts';
import { readRefusal } from './refusal-body.ts';

/**
 * What a vendor has answered instead of doing the work. `status`: of HTTP, or undefined where the
 * error came in an answer of status 200. `body`: its JSON, or text.
 */
export type VendorRefusal = { status?: number | undefined; headers?: Headers | undefined; body: unknown; cause?: unknown };

/** A code of ours and a detail for a client. No text of a vendor gets into a detail. */
export type RefusalWords = readonly [code: ProblemCode, detail: string];

/**
 * What one vendor alone says, by its codes in small letters without signs, or by the HTTP status
 * where that is all it says.
 */
export type OwnCodes = Readonly<Record<string, RefusalWords>>;

/** What a refusal means. The first of these counts where an answer names several. */
const REASONS = {
  quota: (name) => ['provider_quota_exceeded', `The quota of this server's account with ${name} is used up.`],
  key: (name) => ['provider_unauthorized', `${begin(name)} does not accept this server's key.`],
  permission: (name) => ['provider_unauthorized', `${begin(name)} does not allow this server's key to do that.`],
  filter: (name) => ['provider_refused', `The content filter of ${name} refuses the text.`],
  length: (name) => ['provider_rejected', `The content is too long for ${name}.`],
  gone: (name) => ['provider_rejected', `${begin(name)} has ended the model this server is set to.`],
  model: (name) => ['provider_rejected', `${begin(name)} does not know the model or the service this server is set to, or has ended it.`],
  pace: (name) => ['provider_rate_limited', `${begin(name)} asks to slow down.`],
  answer: (name) => ['provider_bad_answer', `${begin(name)} could not use what its model wrote.`],
  request: (name) => ['provider_rejected', `${begin(name)} does not accept the request; the server log has its reason.`],
  time: (name) => ['provider_timeout', `${begin(name)} gave up waiting.`],
  trouble: (name) => ['provider_unavailable', `${begin(name)} could not be reached, or answered with an error of its own.`],
} as const satisfies Record<string, (name: string) => RefusalWords>;

type Reason = keyof typeof REASONS;

/**
 * The vendors' own codes and types, in small letters and without signs between the words. Types
 * that only repeat the status are not here.
 */
const CODES: Readonly<Record<Reason, string>> = {
  quota: `insufficientquota billingnotactive billinghardlimitreached billinglimitreached quotaexceeded insufficientcredits insufficientbalance insufficientuserquota
    insufficientfunds paymentrequired paymentrequirederror creditbalancetoolow exceededcurrentquotaerror arrearage accountoverdue limitexceededexception
    servicequotaexceededexception monthlylimitexceeded spendlimitreached`,
  key: `invalidapikey incorrectapikey apikeyinvalid missingapikey invalidauthentication authenticationerror authenticationfailed unauthenticated unauthorized
    unauthorizederror invalidtoken tokenexpired expiredtoken invalidkey invalidsubscriptionkey accountdeactivated unrecognizedclientexception
    invalidclienttokenid invalidsignatureexception signaturedoesnotmatch incompletesignatureexception missingauthenticationtokenexception`,
  permission: `permissiondenied permissionerror permissiondeniederror forbidden accessdenied accessdeniedexception unsupportedcountryregionterritory optinrequired
    subscriptionrequiredexception accessterminated`,
  filter: `contentfilter contentpolicyviolation responsibleaipolicyviolation moderationblocked contentmoderation datainspectionfailed promptblocked sensitivecontent`,
  length: 'contextlengthexceeded stringabovemaxlength requesttoolarge requestentitytoolarge contenttoolarge textlengthexceededexception',
  gone: 'modeldeprecated modeldecommissioned modelretired modelshutdown modeldiscontinued deploymentmodeldeprecated modelversiondeprecated endoflife',
  model: 'modelnotfound modelnotexist deploymentnotfound modelnotsupported modelnotavailable unknownmodel invalidmodel invalidmodelid',
  pace: `ratelimitexceeded ratelimiterror ratelimitreached ratelimited ratelimit toomanyrequests toomanyrequestserror resourceexhausted throttling
    throttlingexception throttledexception requestthrottled requestthrottledexception toomanyrequestsexception requestlimitexceeded slowdown tokensexceeded`,
  answer: 'jsonvalidatefailed toolusefailed',
  request: '',
  time: 'deadlineexceeded gatewaytimeout requesttimeout',
  trouble: `overloaded overloadederror engineoverloaded engineoverloadederror serveroverloaded internalservererror internalerror internalfailure unavailable
    serviceunavailable serviceunavailableexception servicefailureexception capacityexceeded`,
};

const BY_CODE = new Map(
  (Object.entries(CODES) as [Reason, string][]).flatMap(([reason, names]) =>
    names.split(/\s+/).map((name): [string, Reason] => [name, reason]),
  ),
);

const BY_STATUS: Partial<Record<number, Reason>> = {
  401: 'key',
  402: 'quota',
  403: 'permission',
  404: 'model',
  407: 'permission',
  408: 'time',
  409: 'trouble',
  410: 'gone',
  413: 'length',
  420: 'pace',
  425: 'trouble',
  429: 'pace',
  451: 'filter',
  498: 'pace',
  499: 'trouble',
};

/** Words of messages, for vendors that have no code for these. */
const QUOTA_WORDS = /\bquota/i;
const MONEY_WORDS = /\bbilling|\bpayment|\bcredits?\b|\bbalance\b|\btop.?up\b|\brecharge/i;
const KEY_WORDS = /(?:api|access|subscription).?(?:key|token)|authenticat|unauthori[sz]ed/i;
const FAULT_WORDS = /invalid|incorrect|not valid|missing|expired|wrong|no |not provided|fail|unauthori[sz]ed/i;

/**
 * What has to be said for a refusal of the request itself (400) to be one of money, or of the
 * place.
 */
const NO_MONEY_WORDS = /(?:credit )?balance is too low|insufficient (?:balance|credits?|funds)|out of credits/i;
/** Servers that answer 200 whatever they are asked say so where an address is none of theirs. */
const NO_SERVICE_WORDS =
  /unexpected endpoint|(?:endpoint|route|url|path|method) (?:was )?not (?:found|allowed|supported)|unknown (?:endpoint|route|url)/i;
const PLACE_WORDS =
  /\b(?:location|country|region|territory)\b.{0,30}\b(?:not (?:supported|available|allowed)|unsupported)|unsupported (?:country|region)/i;

/** A model and its name, and what became of it. */
const GONE_WORDS =
  /\bmodels?[:\s]*(?:[`'"][^`'"]{1,128}[`'"]|[\w./:-]{0,64}[-\d./:][\w./:-]{0,64})?\s*(?:version )?(?:is|was|are|has been|have been)\s+(?:now |already |permanently )*(?:deprecated|decommissioned|retired|shut ?down|discontinued|sunset|removed|no longer (?:available|supported|served|exists?))/i;
const UNKNOWN_WORDS =
  /\bmodels?[:\s]*(?:[`'"][^`'"]{1,128}[`'"]|[\w./:-]{0,64}[-\d./:][\w./:-]{0,64})?\s*(?:does not exist|not exist|(?:is |was )?not found|is not a valid model)|not a valid model/i;

/** The statuses with which such words are about the request. */
const MODEL_STATUSES: ReadonlySet<number | undefined> = new Set([undefined, 400, 403, 404, 410, 422]);

const STATUS_OF: Readonly<Record<string, number>> = { quota: 402, key: 401, pace: 429 };

/**
 * The problem of a refusal. `name`: the vendor, as details call it. `own`: what this vendor alone
 * says. To be asked to slow down is no fault of the job, so it costs no attempt, also where the
 * vendor does not say for how long.
 */
export function toRefusalProblem(name: string, refused: VendorRefusal, own: OwnCodes = {}): ProblemError {
  const { status: httpStatus, headers, body, cause } = refused;
  const read = readRefusal(body, headers);
  const asked = retryDelayMs(headers, body);
  const ownCode = read.codes.find((code) => Object.hasOwn(own, code));
  const reason = reasonOf(read, httpStatus, asked);
  const ownWords = own[ownCode ?? (BY_FORM.has(reason) ? String(httpStatus) : '')];
  const [code, detail] = ownWords ?? REASONS[reason](name);
  const status = httpStatus ?? read.statuses[0] ?? STATUS_OF[reason];
  const known = ownCode ?? read.codes.find((each) => BY_CODE.has(each));
  return new ProblemError(code, detail, {
    cause:
      cause ??
      Object.assign(new Error('refused'), { ...(status !== undefined && { status }), ...(known !== undefined && { code: known }) }),
    ...(asked !== undefined && { retryAfterMs: asked }),
    ...(asked === undefined && code === 'provider_rate_limited' && { forNow: true }),
  });
}

/** Reasons that are about the request, of which one vendor may say more than others. */
const BY_FORM: ReadonlySet<Reason> = new Set(['request', 'length', 'gone', 'model']);

const ORDER = Object.keys(REASONS) as Reason[];

function reasonOf(read: ReturnType<typeof readRefusal>, httpStatus: number | undefined, asked: number | undefined): Reason {
  const statuses = [...read.statuses, ...(httpStatus !== undefined && httpStatus >= 400 ? [httpStatus] : [])];
  const named = new Set(read.codes.flatMap((code) => BY_CODE.get(code) ?? []));
  const first = ORDER.find((reason) => named.has(reason));
  if (first === 'quota' || statuses.includes(402)) return 'quota';
  if (read.isModerated && (first === undefined || first === 'permission')) return 'filter';
  if (statuses.includes(413)) return 'length'; // also where its code says that there are too many tokens for a minute
  if (first !== undefined) return first === 'model' && GONE_WORDS.test(read.words) ? 'gone' : first;
  const [status] = statuses;
  const isDenied = status === undefined || status === 400 || status === 401 || status === 403 || status >= 500;
  const isUsedUp = QUOTA_WORDS.test(read.words) || (asked === undefined && MONEY_WORDS.test(read.words));
  if ((status === undefined || status === 403 || status === 429) && isUsedUp) return 'quota';
  if (isDenied && KEY_WORDS.test(read.words) && FAULT_WORDS.test(read.words)) return 'key';
  if (status === 400 && NO_MONEY_WORDS.test(read.words)) return 'quota';
  if ((status === 400 || status === 403) && PLACE_WORDS.test(read.words)) return 'permission';
  if (MODEL_STATUSES.has(status) && GONE_WORDS.test(read.words)) return 'gone';
  if (MODEL_STATUSES.has(status) && UNKNOWN_WORDS.test(read.words)) return 'model';
  if (status === undefined && NO_SERVICE_WORDS.test(read.words)) return 'model';
  if (status === undefined) return /rate.?limit|too many requests/i.test(read.words) ? 'pace' : 'trouble';
  return BY_STATUS[status] ?? (status < 500 ? 'request' : 'trouble');
}

/** A name at the beginning of a sentence. */
function begin(name: string): string {
  return (name[0] ?? '').toUpperCase() + name.slice(1);
}
