from datetime import timedelta

import gradio as gr
import pytest
from fastapi.testclient import TestClient

from app.pages.sessions import forget_sessions


@pytest.fixture
def page():
    with gr.Blocks() as page:
        kept = gr.State("nothing")
        word = gr.Textbox()
        gr.Button().click(lambda old, new: (old, new), [kept, word], [word, kept], api_name="say")
    return page


@pytest.fixture
def say(page):
    """Return a function that says a word in a session, and returns the word before."""
    client = TestClient(gr.routes.App.create_app(page))

    def ask(session: str, word: str) -> str:
        answer = client.post("/gradio_api/run/say", json={"data": [None, word], "session_hash": session})
        return answer.json()["data"][0]

    return ask


def test_a_session_that_was_not_used_for_a_while_is_forgotten(page, say):
    assert say("a", "first") == say("b", "first") == "nothing"
    page.state_holder.time_last_used["a"] -= timedelta(hours=2)
    forget_sessions(page, 3600)
    assert say("b", "second") == "first"
    assert say("a", "second") == "nothing"


def test_the_sessions_of_many_visitors_leave_nothing(page, say):
    for number in range(50):
        say(f"visitor {number}", "word")
    forget_sessions(page, 3600)
    assert len(page.state_holder.session_data) == 50
    forget_sessions(page, 0)
    assert not page.state_holder.session_data and not page.state_holder.time_last_used
