// Checks the MCP endpoint with the TypeScript SDK (npm `@modelcontextprotocol/sdk`), over streamable HTTP and over the
// older transport with two endpoints.
//
//     node typescript_sdk.mjs FOLDER http://127.0.0.1:8080 omi_mcp_…
//
// FOLDER is where the SDK is installed. Lists, creates, searches, watches, opens and deletes memories. Prints one line for
// each transport and exits with 0; exits with 1 and says what went wrong at the first surprise. The key's user must not
// mind a memory that comes and goes.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const [folder, url, key] = process.argv.slice(2);
const sdk = (module) => import(`${folder}/node_modules/@modelcontextprotocol/sdk/dist/esm/${module}.js`);
const { Client } = await sdk("client/index");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp");
const { SSEClientTransport } = await sdk("client/sse");
const { ResourceUpdatedNotificationSchema } = await sdk("types");

const options = { requestInit: { headers: { Authorization: `Bearer ${key}` } } };

async function call(client, name, args) {
    const result = await client.callTool({ name, arguments: args });
    assert.ok(!result.isError, `${name} failed: ${JSON.stringify(result.content)}`);
    return result.structuredContent;
}

async function checkMemory(client) {
    const token = randomUUID().slice(0, 8);
    const { memory } = await call(client, "create_memory", { content: `The check ${token} was run` });
    const found = await call(client, "search_memories", { query: token });
    assert.ok(found.memories.some((row) => row.id === memory.id), "the new memory is not found by its words");

    const uri = `omi://memories/${memory.id}`;
    const updated = new Promise((resolve) => {
        client.setNotificationHandler(ResourceUpdatedNotificationSchema, (news) => resolve(news.params.uri));
    });
    await client.subscribeResource({ uri });
    await call(client, "edit_memory", { memory_id: memory.id, content: `The check ${token} was edited` });
    assert.equal(await updated, uri, "the change is not told");
    const opened = await client.readResource({ uri });
    assert.match(opened.contents[0].text, /was edited/);
    await client.unsubscribeResource({ uri });

    await call(client, "delete_memory", { memory_id: memory.id });
    const gone = await client.callTool({ name: "delete_memory", arguments: { memory_id: memory.id } });
    assert.equal(gone.structuredContent.error.code, "not_found");
    await assert.rejects(client.readResource({ uri }), "a deleted memory can still be opened");
}

async function check(name, transport) {
    const client = new Client({ name: "check", version: "1" });
    await client.connect(transport);
    assert.equal(client.getServerVersion().name, "recollect");
    const { tools } = await client.listTools();
    assert.ok(tools.length > 5, `only ${tools.length} tools`);
    await client.ping();
    await client.setLoggingLevel("error");
    await checkMemory(client);
    await transport.terminateSession?.();
    await client.close();
    console.log(`ok: ${name}, ${tools.length} tools`);
}

await check("streamable HTTP", new StreamableHTTPClientTransport(new URL(`${url}/v1/mcp`), options));
await check("two endpoints", new SSEClientTransport(new URL(`${url}/v1/mcp/sse`), options));
