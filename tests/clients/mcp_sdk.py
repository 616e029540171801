"""Checks the MCP endpoint with the Python SDK (PyPI `mcp`, 2.3 or newer), in both eras of the protocol.

    python mcp_sdk.py http://127.0.0.1:8080/v1/mcp omi_mcp_…

Lists, creates, searches, edits and deletes memories and opens one as a resource. Prints one line for each era and exits
with 0; exits with 1 and says what went wrong at the first surprise. The key's user must not mind a memory that comes
and goes.
"""

import asyncio
import sys
import uuid

from mcp import Client, MCPError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28", "auto": "2026-07-28"}


class Surprise(Exception):
    """Something is not as it should be."""


def expect(condition, what):
    if not condition:
        raise Surprise(what)


async def call(client, name, **arguments):
    """Calls a tool and returns its structured result, which the SDK has checked against the output schema."""
    result = await client.call_tool(name, arguments)
    expect(not result.is_error, f"{name} failed: {result.content}")
    expect(result.content and result.content[0].type == "text", f"{name} gave no text")
    return result.structured_content


async def check_tools(client):
    tools, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if cursor is None:
            break
    by_name = {tool.name: tool for tool in tools}
    needed = ["get_memories", "search_memories", "create_memory", "edit_memory", "delete_memory"]
    for name in needed:
        expect(name in by_name, f"{name} is not listed")
    for tool in tools:
        expect(tool.title and tool.description, f"{tool.name} has no title or description")
        expect(tool.input_schema["type"] == "object", f"{tool.name} takes no object")
        expect(tool.output_schema and tool.output_schema["type"] == "object", f"{tool.name} has no output schema")
        expect(tool.annotations.open_world_hint is False, f"{tool.name} claims an open world")
    expect(by_name["get_memories"].annotations.read_only_hint, "get_memories does not say that it only reads")
    expect(by_name["delete_memory"].annotations.destructive_hint, "delete_memory does not say that it destroys")
    return len(tools)


async def check_memory(client, era):
    token = uuid.uuid4().hex[:12]
    created = await call(client, "create_memory", content=f"The MCP check {token} was run in the {era} era")
    id = created["memory"]["id"]
    found = await call(client, "search_memories", query=token)
    expect(any(row["id"] == id for row in found["memories"]), "the new memory is not found by its words")
    listed = await call(client, "get_memories", limit=5)
    expect(any(row["id"] == id for row in listed["memories"]), "the new memory is not listed")
    await call(client, "edit_memory", memory_id=id, content=f"The MCP check {token} was edited")
    await check_resource(client, id, token)
    await call(client, "delete_memory", memory_id=id)
    gone = await client.call_tool("delete_memory", {"memory_id": id})
    expect(gone.is_error, "deleting twice is no error")
    expect(gone.structured_content["error"]["code"] == "not_found", f"wrong code: {gone.structured_content}")
    try:
        await client.read_resource(f"omi://memories/{id}", cache_mode="bypass")
        raise Surprise("a deleted memory can still be opened")
    except MCPError as error:
        expect(error.code in (-32002, -32602), f"wrong code for a missing resource: {error.code}")


async def check_resource(client, id, token):
    uri = f"omi://memories/{id}"
    templates = await client.list_resource_templates(cache_mode="bypass")
    addresses = [template.uri_template for template in templates.resource_templates]
    expect("omi://memories/{id}" in addresses, f"no template for memories: {addresses}")
    listed = await client.list_resources(cache_mode="bypass")
    memories = [str(it.uri) for it in listed.resources if str(it.uri).startswith("omi://memories/")]
    expect(memories[0] == uri, "the newest memory is not the first of the memories")
    opened = await client.read_resource(uri, cache_mode="bypass")
    expect(f"{token} was edited" in opened.contents[0].text, "the resource does not hold the edited text")


async def check_refusals(client):
    invalid = await client.call_tool("search_memories", {"query": "x", "limit": 1000})
    expect(invalid.is_error, "a limit out of bounds is no error")
    code = invalid.structured_content["error"]["code"]
    expect(code == "invalid_arguments", f"wrong code: {code}")
    try:
        await client.call_tool("no_such_tool", {})
        raise Surprise("an unknown tool could be called")
    except MCPError as error:
        expect(error.code == -32602, f"wrong code for an unknown tool: {error.code}")


async def check_era(url, key, mode, version):
    async with create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode, cache=None) as client:
            expect(client.protocol_version == version, f"spoke {client.protocol_version} instead of {version}")
            if mode != "2026-07-28":
                expect(client.server_info.name == "recollect", f"server is called {client.server_info.name}")
                expect(client.instructions, "the server gives no instructions")
            count = await check_tools(client)
            await check_memory(client, mode)
            await check_refusals(client)
    print(f"ok: {mode}, protocol {version}, {count} tools")


async def check_two_endpoints(url, key):
    """The transport of 2024-11-05, which lives at the older path."""
    transport = sse_client(f"{url}/sse", headers={"Authorization": f"Bearer {key}"})
    async with Client(transport, mode="legacy", cache=None) as client:
        count = await check_tools(client)
        await check_memory(client, "two endpoints")
    print(f"ok: two endpoints, {count} tools")


async def main(url, key):
    for mode, version in ERAS.items():
        try:
            await check_era(url, key, mode, version)
        except BaseExceptionGroup as group:
            raise first_of(group) from group
    await check_two_endpoints(url, key)


def first_of(error):
    """The first plain error within the groups that task groups raise."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: mcp_sdk.py URL KEY")
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except Exception as error:
        sys.exit(f"failed: {type(error).__name__}: {error}")
