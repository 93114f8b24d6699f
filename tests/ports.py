"""Ports for servers that tests start."""

import socket


def free_port() -> int:
    """One that is free now: Gradio goes through them in order, and two workers at once would be given the same."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
