// The API: what is asked is kept with its ETag, so that what has not changed is not sent again.

const PATIENCE = 20_000; // milliseconds: a function that starts, and a day of 5,000 calls
const LONGER = 35_000; // for what is done: API Gateway waits for thirty seconds
const kept = new Map(); // by path; a few of them
const begun = new Map();

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }

  get isOver() {
    return this.status === 401;
  }

  // Whether it may go better in a moment.
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

// Ask already; the next one who gets this path takes the answer.
export function prefetch(path) {
  const answer = asked(path);
  answer.catch(() => {}); // whoever takes it sees the error
  begun.set(path, answer);
}

// Return what the API answers. A signal stops asking: the error then has the name AbortError.
export async function get(path, signal) {
  const early = begun.get(path);
  begun.delete(path);
  return early ?? asked(path, signal);
}

// Return a file as the API makes it, with its name.
export async function getFile(path) {
  const response = await sent(`/api/${path}`, {});
  const name = /filename="([\w.-]+)"/.exec(response.headers.get("content-disposition") ?? "");
  return { blob: await response.blob(), name: name?.[1] ?? "calls.csv" };
}

// Have something done, and return what came of it.
export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return read(await sent(`/api/${path}`, { method: "POST", headers, body: JSON.stringify(body), patience: LONGER }));
}

// End the session, and return where the browser goes to sign out of the user pool, too.
export async function signOut() {
  const response = await sent("/sign-out", { method: "POST" });
  return (await response.json()).location;
}

async function asked(path, signal) {
  const before = kept.get(path);
  const headers = before ? { "if-none-match": before.tag } : {};
  const response = await sent(`/api/${path}`, { headers, signal });
  if (response.status === 304) {
    return before.answer;
  }
  const answer = await read(response);
  const tag = response.headers.get("etag");
  kept.delete(path);
  if (tag) {
    kept.set(path, { tag, answer });
  }
  if (kept.size > 20) {
    kept.delete(kept.keys().next().value);
  }
  return answer;
}

async function sent(address, { signal, patience = PATIENCE, ...options }) {
  const timeout = AbortSignal.timeout(patience);
  let response;
  try {
    response = await fetch(address, { ...options, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, "unreachable", "There is no answer. The connection may be down.");
  }
  if (response.ok || response.status === 304) {
    return response;
  }
  const said = await read(response).catch(() => ({}));
  const { code = "unknown", message = "Something went wrong." } = said.error ?? {};
  throw new ApiError(response.status, code, message);
}

async function read(response) {
  try {
    return await response.json();
  } catch {
    throw new ApiError(502, "unknown", "The answer can't be read.");
  }
}
