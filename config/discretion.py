"""What does a process say of a message that Celery cannot use?

Celery logs such a message whole: its body holds an address when somebody misspelt the name of `duepost.enqueue`.
"""

import logging

CELERYS_CONSUMER = "celery.worker.consumer.consumer"  # the logger that quotes bodies

# words of Celery's own sentence -> ours; the message's headers quote its arguments too
SENTENCES = {
    "unregistered task": "dropped a message: there is no task of the name %s; mend the name where it is sent",
    "unknown message": "dropped a message that asks for no task: whoever sends it is no Celery app, or an old one",
    "invalid task message": "dropped a message that Celery's protocol does not allow",
    "decode message": "dropped a message whose body cannot be read: duepost takes JSON only",
}
OTHERWISE = "dropped a message that cannot be used"


class Discretion(logging.Filter):
    """Says one sentence in the place of any that quotes a message's body."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: what is said changes, not whether it is."""
        said = str(record.msg)
        if "body" in said:
            record.msg = next((ours for words, ours in SENTENCES.items() if words in said), OTHERWISE)
            # The first argument of an unknown task is the KeyError that names it.
            record.args = record.args[:1] if "%s" in record.msg and isinstance(record.args, tuple) else ()
            record.exc_info = record.exc_text = None
        return True


def install() -> None:
    """From here on this process's log quotes no message. Safe to repeat."""
    consumer = logging.getLogger(CELERYS_CONSUMER)
    if not any(isinstance(one, Discretion) for one in consumer.filters):
        consumer.addFilter(Discretion())
