"""Where do we decide otherwise than the taxonomy of failures, and why?"""

NO_RETRY = "310 means that a retry is pending; what is never tried again is 300, with an alarm"
OF_US = "up to AUTH nothing was said of the send: a refusal there is of us, and must not finish off a whole run"
IN_DOUBT = "what may have been taken is 300 until somebody settles it, or the account's policy does"
IN_PRINTER = "150 waits for the print run and nobody asks for it; a job in a printer is asked for until it is out"
IN_A_REPORT = "a report comes when Twilio has given the message up; what it has charged is not sent again by itself"

# key of a row -> what we say instead, and the reason
DEVIATIONS: dict[str, tuple[set[str], str]] = {
    **dict.fromkeys(
        ("smtp_reply: 500 any", "smtp_reply: 502 any", "smtp_reply: 504 any"),
        ({"300", "310 pause"}, f"{NO_RETRY}; {OF_US}"),
    ),
    "smtp_reply: 503 any": (
        {"310 yes", "310 pause"},
        f"{OF_US}; later it is tried again on a fresh connection each time, for as long as any other fault of "
        "technology: nothing was taken, and nobody is helped by one attempt alone",
    ),
    "smtp_reply: 521 any": ({"350", "310 pause"}, OF_US),
    "smtp_reply: 555 MAIL/RCPT": ({"300"}, NO_RETRY),
    "smtp_reply: 554 greeting": ({"310 pause"}, OF_US),
    "smtp_order: a known text beside a 4xx goes before its code": (
        {"310 yes"},
        "with 4xx the server asks for another attempt (RFC 5321 4.2.1), and a full mailbox may be emptied; a text that "
        "means a final refusal costs some attempts, and the last answer then stands beside GAVE_UP",
    ),
    "dsn_match: VERP return path": (
        {"nothing"},
        "each mail leaves from the account's one SENDER, since many servers let a login send from no other; a bounce "
        "without ENVID and without our headers stays in the Maildir, flagged",
    ),
    "http: 2xx, unreadable or HTML": ({"300 check"}, IN_DOUBT),
    "http: timeout or reset after the body left": ({"300 check"}, IN_DOUBT),
    "http: 500 502 504 without idempotency": ({"300 check"}, IN_DOUBT),
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
    "smpp_dlr: UNKNOWN": (
        {"200"},
        "200 says that the gateway took it, and it did; that nobody knows more is no failure, however long it lasts",
    ),
    "smpp_dlr: BARRED/BLIST": (
        {"350"},
        "nothing suppresses an address or a number in this version, on any channel; the receipt asks a person to look",
    ),
    "sms_silence: a report that never comes": (
        {"200"},
        "200 means sent; `duepost show` lists the receipts, and where none says delivered, it is not known: a field "
        "that says unknown would repeat that",
    ),
    "twilio in a report: 30001 queue overflow": ({"330"}, IN_A_REPORT),
    "twilio in a report: 30002 account suspended": ({"330"}, IN_A_REPORT),
    "twilio in a report: 30010 price cap": ({"330"}, IN_A_REPORT),
    "ipp: 3 pending": ({"100 pending"}, IN_PRINTER),
    "ipp: 4 pending-held": ({"100 pending"}, IN_PRINTER),
    "ipp: 5 processing": ({"100 pending"}, IN_PRINTER),
    "ipp: 6 processing-stopped": ({"100 pending"}, IN_PRINTER),
    "ipp: 6 processing-stopped for half an hour": (
        {"310 pending"},
        "with an alarm, and asked for: it may come out yet, so it goes to no other printer",
    ),
    "as4: EBMS error connection/TLS": (
        {"100 pending"},
        "the access point tries again by itself, and a second submission would be a second document",
    ),
    "as4: EBMS policy/security": (
        {"330"},
        "the access point is done with that instance id: a pause would ask it for ever",
    ),
    "saphety_integration: NotIntegrated": (
        {"9999"},
        "it is also the lasting state of documents that are no e-invoices: nothing was to be handed over, none bounced",
    ),
    "saphety_integration: Error": (
        {"300"},
        "SIN's own trouble with the document, before the receiver: 350 would say that the receiver has refused it",
    ),
    "saphety_integration: Returned": (
        {"300"},
        "SIN does not tell who returned it, nor why: 350 would blame the receiver, 300 asks a person to look",
    ),
    "einvoice_rules: an unknown word": (
        {"310 yes, the word is kept, alert"},
        "310 says that the question is repeated, which 100 would hide; nothing ends and nothing is handed over by it",
    ),
}
