"""Sessions: what Gradio remembers of each page and of each program that asks, 0.3 MB each."""

from datetime import datetime, timedelta

import gradio as gr

# Beyond that, the session that was used least recently ends: its page forgets the lists that its visitor chose from.
MOST_SESSIONS = 1000


def forget_sessions(page: gr.Blocks, keep: float) -> None:
    """End the sessions that nobody has used for a while; Gradio itself would keep them until it ends.

    Args:
        page: the page, in a running server.
        keep: seconds for which a session stays.
    """
    sessions, oldest = page.state_holder, datetime.now() - timedelta(seconds=keep)
    with sessions.lock:
        for name in [name for name, used in sessions.time_last_used.items() if used < oldest]:
            sessions.session_data.pop(name, None)
            sessions.time_last_used.pop(name, None)
