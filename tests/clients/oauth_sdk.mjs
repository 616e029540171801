// Connects to the MCP endpoint by its address alone, with the TypeScript SDK (npm `@modelcontextprotocol/sdk`) and a client
// id that the server knows.
//
//     node oauth_sdk.mjs SDK_FOLDER http://127.0.0.1:8080/v1/mcp CLIENT_ID
//
// Each address that a browser is to open is printed as a line `open ADDRESS`; the address that the browser is sent back to
// is read as a line from standard input. Writes a memory, waits until its token has run out, and reads the memory with the
// next one. Prints `ok` and exits with 0.

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [folder, url, clientId] = process.argv.slice(2);
const sdk = (path) => import(pathToFileURL(`${folder}/node_modules/@modelcontextprotocol/sdk/dist/esm/${path}.js`));
const { UnauthorizedError } = await sdk("client/auth");
const { Client } = await sdk("client/index");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp");

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const kept = {};

const provider = {
  redirectUrl: "http://127.0.0.1:49153/callback",
  clientMetadata: { client_name: "TypeScript SDK", redirect_uris: ["http://127.0.0.1:49153/callback"] },
  clientInformation: () => ({ client_id: clientId }),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  redirectToAuthorization: (address) => console.log(`open ${address}`),
};

let transport;

/** Does something; where the user has to agree first, waits for that and does it again. */
async function agreed(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const back = new URL((await lines.next()).value.trim());
    await transport.finishAuth(back.searchParams.get("code"));
    return await attempt();
  }
}

function expect(condition, what) {
  if (!condition) throw new Error(what);
}

const client = await agreed(async () => {
  transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  return client;
});

async function call(name, args) {
  const result = await agreed(() => client.callTool({ name, arguments: args }));
  expect(!result.isError, `${name} failed: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
}

const before = kept.tokens.access_token;
const made = await call("create_memory", { content: "The TypeScript SDK was let in" });
await sleep((kept.tokens.expires_in + 0.5) * 1000);
const listed = await call("get_memories", { limit: 5 });
expect(listed.memories.some((row) => row.id === made.memory.id), "the memory is not there");
expect(kept.tokens.access_token !== before, "the token was not refreshed");
console.log("ok");
process.exit(0);
