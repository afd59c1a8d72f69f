"""Starts an MCP server with the client of the package mcp, calls tools, and prints each result as a line of JSON.

Arguments: a JSON list of tool calls, [name, arguments], and the command of the server.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters


async def main():
    calls, command = json.loads(sys.argv[1]), sys.argv[2:]
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        print(json.dumps([tool.name for tool in tools]))
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            texts = [content.text for content in result.content]
            print(json.dumps({"error": bool(result.is_error), "text": "".join(texts)}))


asyncio.run(main())
