"""How does any Celery app hand in a send, with nothing of duepost installed?

Its broker is duepost's, and the Celery door is running: `python -m celery -A worker.door worker -P threads -Q enqueue`.
"""

from celery import Celery


def hand_in(app: Celery, number: str, email: str) -> str:
    """Queue one e-mail; returns the task's id. Handed in twice it is still one send."""
    send = {"Channel": "Email", "Status": "Queue", "InvoiceNumber": number, "ToAddress": email}
    # argsrepr is what Flower and logs show of the arguments, which hold an address.
    task = app.send_task("duepost.enqueue", args=[send], queue="enqueue", argsrepr="(one send)")
    return str(task.id)
