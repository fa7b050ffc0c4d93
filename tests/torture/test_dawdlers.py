"""Slow connections, at a server that only listens."""

import socket

from torture.dawdlers import dawdling


def test_all_kinds_of_connections_are_open_until_the_block_ends():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with dawdling(server.getsockname()[1], "sample", 1):
            connections = [server.accept()[0] for _ in range(4)]
            begun = sorted(connection.recv(1000).split(b" HTTP")[0] for connection in connections)
            assert begun == [b"GET /", b"GET /jobs/sample/files/sr0.tif", *[b"POST /gradio_api/upload"] * 2]
        for connection in connections:
            connection.setblocking(True)
            while connection.recv(1000):  # ends when the other side is closed
                pass
            connection.close()
