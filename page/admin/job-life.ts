/** One job's life in lines, in the order in which it went: what happened, and when where that is known. */
import { usageIn, timeIn } from '../figures.ts';
import type { InspectedJob, JournalRow } from './answers.ts';
import { countIn, spanIn } from './words.ts';

/** A moment. `tone`: how the page shows it. `jobId`: another job that it is about. */
export type Moment = {
  at?: string | undefined;
  text: string;
  note?: string | undefined;
  tone?: 'good' | 'bad' | 'busy' | undefined;
  jobId?: string | undefined;
};

/** So many rows the server shows. A journal can have others that are no part of it, such as that of an end that was retried. */
const ROWS_SHOWN = 1000;

/** The moments of a job. */
export function lifeOf(job: InspectedJob): Moment[] {
  const { parent, createdAt, archive } = job;
  const groups = groupsOf(job);
  const begin = groups.findLastIndex(({ rows: [row] }) => row?.type === 'attempt') + 1;
  return [
    { at: timeIn(createdAt), text: 'Submitted', ...(parent !== undefined && { note: 'by another job', jobId: parent }) },
    ...hiddenRows(job),
    ...groups.slice(0, begin).map(momentOf),
    ...beginOf(job),
    ...groups.slice(begin).map(momentOf),
    ...setbacksOf(job),
    ...endOf(job),
    ...deliveriesOf(job),
    ...(archive ? [{ at: timeIn(archive.at), text: `The archive has refused its row: ${archive.code}`, tone: 'bad' as const }] : []),
  ];
}

/** Of the runs only the last one has a time. */
function beginOf({ startedAt, attempts, waitMs, worker }: InspectedJob): Moment[] {
  if (startedAt === undefined) return [];
  const note = [waitMs !== undefined && `after ${spanIn(waitMs)} of waiting`, worker !== undefined && `on ${worker}`]
    .filter(Boolean)
    .join(', ');
  return [{ at: timeIn(startedAt), text: `Attempt ${attempts.at(-1)?.attempt ?? 1} runs`, note: note || undefined }];
}

function deliveriesOf({ deliveries }: InspectedJob): Moment[] {
  return deliveries.map(({ channel, type, status, code, attempts }) => ({
    at: timeIn(attempts.at(-1)?.at),
    text: `${channel} ${type}: ${status}`,
    note: [code, countIn(attempts.length, 'try', 'tries')].filter(Boolean).join(', '),
    tone: status === 'failed' ? 'bad' : status === 'delivered' ? 'good' : undefined,
  }));
}

function hiddenRows({ journal: { rows, shown } }: InspectedJob): Moment[] {
  return rows > shown.length && shown.length >= ROWS_SHOWN ? [{ text: `${countIn(rows - shown.length, 'row')} before these` }] : [];
}

/** Rows that are told in one line. `attempt`: the one that went on before them. */
type Group = { rows: JournalRow[]; attempt: number };

/** The journal in groups. A stage is told once in each attempt. */
function groupsOf({ journal: { rows: count, shown } }: InspectedJob): Group[] {
  const groups: Group[] = [];
  const stages = new Set<string>();
  let attempt = count > shown.length && shown.length >= ROWS_SHOWN ? (shown[0]?.attempt ?? 1) : 1;
  for (const row of shown) {
    const stage = `${row.attempt} ${row.stage ?? ''}`;
    if (row.type === 'progress' && stages.has(stage)) continue;
    if (row.type === 'progress') stages.add(stage);
    const last = groups.at(-1)?.rows;
    if (last?.[0] && isAlike(last[0], row)) last.push(row);
    else groups.push({ rows: [row], attempt });
    attempt = row.attempt;
  }
  return groups;
}

/** Items of a list that come one after the other are one line, and so are pauses for the same reason. */
function isAlike(one: JournalRow, other: JournalRow): boolean {
  const isGrouped = one.type === 'item' || one.type === 'attempt';
  return isGrouped && one.type === other.type && one.attempt === other.attempt && one.list === other.list && one.code === other.code;
}

function momentOf({ rows, attempt }: Group): Moment {
  const [row] = rows;
  switch (row?.type) {
    case 'item': {
      const bytes = rows.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
      const note = `attempt ${row.attempt}, ${bytes.toLocaleString('en')} bytes`;
      return { text: `${countIn(rows.length, 'item')} of ${row.list ?? 'its list'}`, note };
    }
    case 'attempt': {
      const why = row.code ? `: ${row.code}` : '';
      const kept = `${countIn(rows.at(-1)?.itemsKept ?? 0, 'item')} kept`;
      if (row.attempt === attempt) return { text: `Put off ${countIn(rows.length, 'time')}${why}`, note: kept, tone: 'busy' };
      const again = rows.length > 1 ? `, then put off ${countIn(rows.length - 1, 'time')}` : '';
      return { text: `Attempt ${attempt} ended${why}`, note: kept + again, tone: 'busy' };
    }
    case 'child':
      return { text: 'It led to another job', jobId: row.child?.jobId };
    default:
      return { text: `Stage: ${row?.stage ?? 'a step'}`, note: `attempt ${row?.attempt ?? 1}` };
  }
}

function setbacksOf({ setbacks: { putOffs, lost, givenBack, retries } }: InspectedJob): Moment[] {
  const parts = [
    putOffs > 0 && `put off ${countIn(putOffs, 'time')}`,
    lost > 0 && `lost ${countIn(lost, 'worker')}`,
    givenBack > 0 && `given back ${countIn(givenBack, 'time')}`,
    retries > 0 && `retried ${countIn(retries, 'time')}`,
  ].filter(Boolean);
  return parts.length === 0 ? [] : [{ text: `Meanwhile: ${parts.join(', ')}`, tone: 'busy' }];
}

function endOf({ state, finishedAt, retryAt, lockMs, error, usage }: InspectedJob): Moment[] {
  const used = usageIn(usage).join(', ') || undefined;
  switch (state) {
    case 'completed':
      return [{ at: timeIn(finishedAt), text: 'Completed', note: used, tone: 'good' }];
    case 'failed':
      return [{ at: timeIn(finishedAt), text: `Failed: ${error?.code ?? 'for an unknown reason'}`, note: used, tone: 'bad' }];
    case 'cancelled':
      return [{ at: timeIn(finishedAt), text: 'Cancelled', note: used }];
    case 'active':
      return [
        {
          text: 'It runs',
          note: lockMs === undefined ? 'without a lock: its worker is lost' : `its lock holds for ${spanIn(lockMs)}`,
          tone: lockMs === undefined ? 'bad' : 'busy',
        },
      ];
    default:
      return [{ at: timeIn(retryAt), text: retryAt === undefined ? 'It waits' : 'It is due', tone: 'busy' }];
  }
}
