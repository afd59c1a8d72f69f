"""Receives messages with the package tmcpy, and prints each as a line of JSON: URL APP_KEY APP_SECRET GROUP COUNT.

tmcpy 0.3.7 was written for Python 2 and tornado 4. Two adaptations keep it working; its codec is unchanged.
"""

import json
import sys

import tornado.ioloop
import tornado.locks
import tornado.queues
import tornado.websocket

connect = tornado.websocket.websocket_connect


def connect_with_callback(url, callback=None, **options):
    """tornado 6 has no argument `callback`."""
    future = connect(url, **options)
    if callback is not None:
        tornado.ioloop.IOLoop.current().add_future(future, callback)
    return future


tornado.websocket.websocket_connect = connect_with_callback

import tmcpy.client  # noqa: E402

to_binary = tmcpy.client.to_binary
# In Python 3, `bytes(number)` is that many zeros.
tmcpy.client.to_binary = lambda value: to_binary(str(value) if isinstance(value, int) else value)


async def main(url, app_key, app_secret, group, count):
    client = tmcpy.client.TmcClient(url, app_key, app_secret, group, query_message_interval=1)
    received, closed = tornado.queues.Queue(), tornado.locks.Event()
    client.on("message", lambda message: received.put_nowait(message.content))
    client.on("connection_lost", lambda client: closed.set())
    for _ in range(count):
        content = await received.get()
        print(json.dumps({name: content.get(name) for name in ("id", "topic", "content")}), flush=True)
    # Close without a new connection. The server answers after it has read the confirmations.
    client._reconnecting = True
    client.close()
    await closed.wait()


if __name__ == "__main__":
    url, app_key, app_secret, group, count = sys.argv[1:]
    tornado.ioloop.IOLoop.current().run_sync(lambda: main(url, app_key, app_secret, group, int(count)))
