"""What do the counterparts of a month end do to some of its sends, and how does such a send end?"""

from collections.abc import Mapping

from duepost.statuses import Status

# of a thousand sends, how many leave by each channel of ours or, by e-mail, through each invoice system
MIXED: Mapping[str, int] = {
    "email": 620,
    "sms": 120,
    "xml": 100,
    "print": 80,
    "farpay": 20,
    "saphety": 20,
    "abillify": 20,
    "acumulus": 20,
}
MAIL_ALONE: Mapping[str, int] = {"email": 1000}

# of a thousand of the channel; how such a send ends; whether the counterpart holds it then
Fate = tuple[int, Status, bool]

# what the mail counterpart does to an address (`mail_behaviour.py`)
MAIL: Mapping[str, Fate] = {
    "defer-1": (40, Status.SENT, True),
    "defer-2": (15, Status.SENT, True),
    "hang-1": (5, Status.SENT, True),
    "hangup-1": (5, Status.SENT, True),
    "unknown": (20, Status.WRONG_EMAIL_ADDRESS, False),
    "full": (10, Status.EMAIL_BOUNCED, False),
    "spam": (8, Status.EMAIL_MARKED_AS_SPAM, False),
    "silent": (2, Status.ERROR, True),  # outcome unknown
}
# last digits of a number (`sms_counterpart.py`)
SMS: Mapping[str, Fate] = {
    "901": (25, Status.EMAIL_REJECTED, False),
    "902": (50, Status.SENT, True),
    "904": (25, Status.WRONG_EMAIL_ADDRESS, True),  # reported: no such subscriber
    "905": (25, Status.EMAIL_BOUNCED, True),  # reported: expired
    "907": (10, Status.ERROR, True),  # outcome unknown, and never reported
}
# a rule of ours, or the receiver's last digits before the check digit (`access_point.py`)
XML: Mapping[str, Fate] = {
    "rule": (30, Status.ERROR, False),  # EN 16931's BR-CO-16: it never leaves
    "901": (20, Status.WRONG_EMAIL_ADDRESS, True),
    "902": (20, Status.EMAIL_REJECTED, True),
    "903": (30, Status.SENT, True),  # silent, but it can be asked
    "904": (50, Status.SENT, True),
}

# digits of an address (`farpay_fates.py`)
FARPAY: Mapping[str, Fate] = {
    "901": (50, Status.WRONG_EMAIL_ADDRESS, True),
    "902": (50, Status.SENT, True),
    "903": (50, Status.SENT, True),  # silent, but it can be asked
    "905": (50, Status.EMAIL_MARKED_AS_SPAM, True),
    "914": (50, Status.SENT, True),  # a load balancer's 429
}
# digits of an address (`saphety_fates.py`)
SAPHETY: Mapping[str, Fate] = {
    "901": (50, Status.WRONG_EMAIL_ADDRESS, False),
    "902": (50, Status.EMAIL_BOUNCED, True),
    "903": (50, Status.ERROR, True),  # silent: asked, SIN tells the document's state, not the mail's; outcome unknown
    "904": (50, Status.SENT, True),  # a load balancer's 429
}
# end of a reference (`abillify_counterpart.py`)
ABILLIFY: Mapping[str, Fate] = {
    "901": (50, Status.ERROR, False),  # no such invoice
    "902": (50, Status.SENT, True),  # fails under its first key
    "903": (50, Status.SENT, True),  # silent, and told when it is asked under the same key again
    "904": (50, Status.SENT, True),
    "907": (50, Status.SENT, True),  # half an answer
}
# end of a token (`acumulus_counterpart.py`)
ACUMULUS: Mapping[str, Fate] = {
    "901": (50, Status.ERROR, False),  # no such invoice
    "902": (50, Status.SENT, True),  # an exception first
    "903": (50, Status.ERROR, True),  # silent: outcome unknown
    "904": (50, Status.SENT, True),
    "905": (50, Status.SENT, True),  # answers in XML
}

# channel or invoice system -> what is done -> to how many, and how that ends
FATES: Mapping[str, Mapping[str, Fate]] = {
    "email": MAIL,
    "sms": SMS,
    "xml": XML,
    "print": {},
    "farpay": FARPAY,
    "saphety": SAPHETY,
    "abillify": ABILLIFY,
    "acumulus": ACUMULUS,
}
