"""Where do we decide otherwise than the taxonomy of failures, and why?"""

NO_RETRY = "310 means that a retry is pending; what is never tried again is 300, with an alarm"
IN_DOUBT = "what may have been taken is 300 until somebody settles it, or the account's policy does"
IN_PRINTER = "150 waits for the print run and nobody asks for it; a job in a printer is asked for until it is out"

# section and row -> what we say instead, and the reason
DEVIATIONS: dict[str, tuple[set[str], str]] = {
    "smtp_reply: 500 any": ({"300"}, NO_RETRY),
    "smtp_reply: 502 any": ({"300"}, NO_RETRY),
    "smtp_reply: 504 any": ({"300"}, NO_RETRY),
    "smtp_reply: 555 MAIL/RCPT": ({"300"}, NO_RETRY),
    "smtp_reply: 554 greeting": (
        {"310 pause"},
        "the greeting refuses us before any send is named: 350 would blame the receivers of a whole run",
    ),
    "http: 2xx": ({"300 check"}, IN_DOUBT),
    "http: timeout / reset after the body left": ({"300 check"}, IN_DOUBT),
    "http: 400 404 405 406 410 411 412 414 415 416 417 422 428 431 451": (
        {"350", "300"},
        "404 is 300 for every document: most often a wrong address of ours, and nothing that the receiver can mend; "
        "Abillify's and Acumulus' adapters know their own words, and take what is none for an account's fault",
    ),
    "http: 500 502 504 507 508 520-527 529": (
        {"310 yes", "300 check"},
        "502, 504, 520 and 524 are a gateway's word: what is behind it may have taken the send",
    ),
    "http: 501 505 511": ({"300"}, NO_RETRY),
    "ipp: 3 pending": ({"100 pending"}, IN_PRINTER),
    "ipp: 4 pending-held": ({"100 pending"}, IN_PRINTER),
    "ipp: 5 processing": ({"100 pending"}, IN_PRINTER),
    "ipp: 6 processing-stopped": ({"100 pending"}, IN_PRINTER + "; after half an hour it is 310 here as well"),
    "einvoice:AS4/SMP: EBMS error connection/TLS": (
        {"100 pending"},
        "the access point tries again by itself, and a second submission would be a second document",
    ),
    "einvoice:AS4/SMP: EBMS policy/security": (
        {"330"},
        "the access point is done with that instance id: a pause would ask it for ever",
    ),
}
