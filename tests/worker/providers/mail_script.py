"""How does a mail server behave well up to a point, and then not?"""

from tests.worker.providers.misbehaving import Script, Talk

GREETING = b"220 mail.test ESMTP\r\n"
PLAIN_EHLO = b"250 mail.test\r\n"
OK = b"250 2.0.0 Ok\r\n"
GO_ON = b"354 go on\r\n"


def never(_: Talk) -> None:
    """The act of a server that behaves to the end."""


def mail(stage: str = "", act: Script = never, *, ehlo: bytes = PLAIN_EHLO, messages: int = 0) -> Script:
    """Serve `messages` messages well; of the next one everything up to `stage`, and then act instead of answering.

    The stages: greeting, EHLO, MAIL, RCPT, DATA, message (its first line has come), DOT.
    """

    def script(talk: Talk) -> None:
        if stage == "greeting":
            act(talk)
            return
        talk.say(GREETING)
        left = messages
        # command -> answer
        answers = {b"EHLO": ehlo, b"MAIL": OK, b"RCPT": OK, b"RSET": OK, b"DATA": GO_ON, b"QUIT": b"221 bye\r\n"}
        while command := talk.hear()[:4].upper():
            if left == 0 and command.decode() == stage:
                act(talk)
                return
            talk.say(answers[command])
            if command != b"DATA":
                continue
            if left == 0 and stage == "message":
                talk.hear()
                act(talk)
                return
            talk.hear_message()
            if left == 0 and stage == "DOT":
                act(talk)
                return
            left = max(left - 1, 0) if stage else left
            talk.say(OK)
            if left == 0 and stage == "idle":
                act(talk)
                return

    return script
