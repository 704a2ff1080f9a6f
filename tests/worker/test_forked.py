"""Does a forked child leave its parent's open connection alone?"""

import os
import warnings
from collections.abc import Callable
from datetime import timedelta

from tests.worker.providers.misbehaving import Misbehaving, Talk
from worker.http import Http
from worker.http_line import Answer

LIMIT = timedelta(seconds=20)


def in_a_child(what: Callable[[], bool]) -> bool:
    """What a forked process makes of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a server's threads; the child uses none of theirs
        child = os.fork()
    if child == 0:
        good = False
        try:
            good = what()
        finally:
            os._exit(0 if good else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def always_yes(talk: Talk) -> None:
    while talk.hear():
        while talk.hear():
            pass
        talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_a_child_speaks_http_over_a_connection_of_its_own() -> None:
    with Misbehaving(always_yes) as server:
        http = Http(LIMIT)

        def call() -> bool:
            answer = http.call("GET", f"http://{server.host}:{server.port}/")
            return isinstance(answer, Answer) and answer.status == 200

        assert [call(), call()] == [True, True]
        assert server.connections == 1
        assert in_a_child(call)
        assert server.connections == 2
        assert call()  # the parent's own is still open and kept
        assert server.connections == 2
        http.close()
