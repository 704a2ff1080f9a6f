"""What does duepost do without one of its protections? Each drill must fail then, or it proves nothing.

A process that is started through `sandbox.chaos.sabotaged` has one thing taken away; nothing of duepost itself can be
switched off.
"""

from collections.abc import Callable, Mapping

from sandbox.chaos import sabotage_ledger, sabotage_providers, sabotage_worker

# name in the drills -> what takes the protection away
SABOTAGES: Mapping[str, Callable[[], None]] = {
    "business key": sabotage_ledger.no_business_key,
    "cap": sabotage_providers.no_cap,
    "clock": sabotage_ledger.no_look_at_the_clock,
    "deadline": sabotage_providers.no_deadline,
    "fence": sabotage_worker.no_fence,
    "fencing": sabotage_ledger.no_fencing,
    "gate": sabotage_worker.no_gate,
    "isolation": sabotage_providers.no_isolation,
    "late": sabotage_ledger.no_limit_of_time,
    "late record": sabotage_worker.no_late_record,
    "lease": sabotage_ledger.no_lease,
    "lock": sabotage_ledger.no_lock,
    "mark": sabotage_ledger.no_mark,
    "memory": sabotage_worker.no_memory,
    "pause": sabotage_worker.no_pause,
    "phases": sabotage_providers.no_phases,
    "poison": sabotage_ledger.no_end_of_poison,
    "record": sabotage_worker.no_record,
    "redirect": sabotage_providers.redirects,
    "retry after": sabotage_providers.no_retry_after,
    "stopping": sabotage_worker.no_stopping,
    "transport": sabotage_ledger.no_transport,
    "unknown": sabotage_ledger.no_doubt,
    "verdicts": sabotage_providers.no_verdicts,
    "watchdog": sabotage_ledger.no_watchdog,
}
