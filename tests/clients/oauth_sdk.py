"""Connects to the MCP endpoint by its address alone, with the Python SDK (PyPI `mcp`, 2.3 or newer) and its OAuth client.

    python oauth_sdk.py http://127.0.0.1:8080/v1/mcp

Registers itself. Each address that a browser is to open is printed as a line `open ADDRESS`; the address that the browser
is sent back to is read as a line from standard input. Writes a memory, for which the first answer is expected to have left
out the scope, so that the client asks once more; then waits until its token has run out, and reads the memory with the
next one. Prints `ok` and exits with 0.
"""

import asyncio
import sys
from urllib.parse import parse_qs, urlparse

from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

CALLBACK = "http://127.0.0.1:49152/callback"


class Storage:
    """Keeps the tokens in memory."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def open_browser(address):
    print(f"open {address}", flush=True)


async def wait_for_browser():
    line = await asyncio.to_thread(sys.stdin.readline)
    answer = {name: values[0] for name, values in parse_qs(urlparse(line.strip()).query).items()}
    return AuthorizationCodeResult(code=answer["code"], state=answer["state"], iss=answer["iss"])


async def call(client, name, **arguments):
    result = await client.call_tool(name, arguments)
    if result.is_error:
        raise RuntimeError(f"{name} failed: {result.content}")
    return result.structured_content


async def main(url):
    storage = Storage()
    metadata = OAuthClientMetadata(
        client_name="Python SDK", redirect_uris=[CALLBACK], token_endpoint_auth_method="none"
    )
    auth = OAuthClientProvider(url, metadata, storage, open_browser, wait_for_browser)
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            await client.list_tools()
            before = storage.tokens.access_token
            made = await call(client, "create_memory", content="The Python SDK was let in")
            asked_again = storage.tokens.access_token
            if asked_again == before:
                raise RuntimeError("the client did not ask for more")
            await asyncio.sleep(storage.tokens.expires_in + 0.5)
            listed = await call(client, "get_memories", limit=5)
            if not any(row["id"] == made["memory"]["id"] for row in listed["memories"]):
                raise RuntimeError("the memory is not there")
            if storage.tokens.access_token == asked_again:
                raise RuntimeError("the token was not refreshed")
    print("ok")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
