// Receives what a destination of the type https is sent: a small server that needs nothing but Node 18 or later.
//
//     HOOKSWITCH_SECRET=whsec_... PORT=8080 node receiver.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE = 300; // seconds by which the sender's clock and ours may differ
const LARGEST = 2 * 1024 * 1024; // bytes of a body

const known = new Set(); // in production: a table of yours, with the id as its key

// Tells whether a request was signed with the secret, within the last minutes (https://www.standardwebhooks.com).
export function isAuthentic(headers, body, secret, now = Date.now() / 1000) {
  const id = headers["webhook-id"] ?? "";
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^[0-9]{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  // The body as it came, before anything parses it.
  const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  const expected = Buffer.from(`v1,${digest}`);
  return (headers["webhook-signature"] ?? "") // two of them while a secret is replaced
    .split(" ")
    .map((signature) => Buffer.from(signature))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

// Do here with an event what you want to be done; if this throws, the event comes again.
async function take(event) {
  console.log(JSON.stringify({ id: event.id, type: event.type }));
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// Answers within the 15 seconds that hookswitch waits; work that takes longer belongs in a queue.
async function answer(request) {
  if (request.method !== "POST") return 405;
  const body = await read(request);
  if (body === null) return 413;
  if (!isAuthentic(request.headers, body, process.env.HOOKSWITCH_SECRET)) return 401;
  const id = request.headers["webhook-id"];
  if (!known.has(id)) { // the same event can come twice
    await take(JSON.parse(body));
    known.add(id);
  }
  return 204;
}

if (!/^whsec_./.test(process.env.HOOKSWITCH_SECRET ?? "")) {
  throw new Error("Set HOOKSWITCH_SECRET to the destination's secret, which begins with whsec_.");
}

createServer(async (request, response) => {
  const status = await answer(request).catch(() => 500);
  response.writeHead(status, { connection: "close" }).end();
}).listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
