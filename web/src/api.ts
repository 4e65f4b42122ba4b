// The server's side of the page: every call goes through here, and nothing is retried in silence.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    text: string,
  ) {
    super(text);
  }
}

export interface Session {
  role: 'nobody' | 'viewer' | 'owner';
  signed_in: boolean;
  needs_sign_in: boolean;
  may_act: boolean;
  csrf?: string;
  version: string;
  account: string;
}

let token = '';

async function read<T>(answer: Response): Promise<T> {
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body as T;
  throw new ApiError(answer.status, body?.error?.text ?? body?.report?.text ?? answer.statusText);
}

export type Query = Record<string, string | number | undefined>;

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString();
  return `./api/v1/${path}${text ? `?${text}` : ''}`;
}

export async function get<T>(path: string, query: Query = {}): Promise<T> {
  return read<T>(await fetch(address(path, query), { credentials: 'same-origin' }));
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await fetch(address(path), {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify(body),
  });
  return read<T>(answer);
}

export function keep(session: Session): Session {
  token = session.csrf ?? '';
  return session;
}
