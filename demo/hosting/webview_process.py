"""`python -m demo.hosting.webview_process ADDRESS [--self-signed]`: pywebview's window, until it is closed.

A process of its own, because pywebview wants the main thread for itself, and because Qt ends the whole process where a
piece of it is missing.
"""

from __future__ import annotations

import sys

from demo.hosting.window import SIZE, TITLE


def main(address: str, *, self_signed: bool) -> None:
    """Show the window; returns when it is closed."""
    import webview

    webview.settings["ALLOW_DOWNLOADS"] = True
    webview.settings["IGNORE_SSL_ERRORS"] = self_signed
    webview.create_window(TITLE, address, width=SIZE[0], height=SIZE[1])
    # Left to itself it may take Internet Explorer's engine on Windows, which shows nothing.
    webview.start(gui="edgechromium" if sys.platform == "win32" else None)


if __name__ == "__main__":
    main(sys.argv[1], self_signed="--self-signed" in sys.argv)
