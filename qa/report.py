"""What a stretch of the ledger says: outcomes that add up, and the figures of the service."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.ledger import Ending, Ledger, Outcome, Sums, Tally, Terms, add_up
from qa.metrics import DEFAULT_LEVEL, Counts, Formula, Level, formulas

_ABANDONED = (Outcome.ABANDONED_IN_QUEUE, Outcome.ABANDONED_WHILE_RINGING)


@dataclass(frozen=True, slots=True)
class Report:
    """`terms` are what each of `queues` was measured by; `level` is the formula of the service level."""

    ledger: Ledger
    level: Level
    total: Counts
    queues: Mapping[str, Counts]
    terms: Mapping[str, Terms]


def report_of(sums: Sums, terms: Mapping[str | None, Terms], level: Level = DEFAULT_LEVEL) -> Report:
    """`terms` are those by which the tallies of each queue were made; None of queues not named."""
    by_queue: defaultdict[str, list[Tally]] = defaultdict(list)
    for tally in sums.tallies:
        if tally.queue is not None:
            by_queue[tally.queue].append(tally)
    counts = {
        queue: counts_of(tallies, sums.after_call.get(queue, 0.0))
        for queue, tallies in sorted(by_queue.items())
    }
    return Report(
        ledger=add_up(sums.ended, sums.in_progress, sums.tallies),
        level=level,
        total=counts_of(sums.tallies, sum(sums.after_call.values())),
        queues=counts,
        terms={queue: terms.get(queue, terms[None]) for queue in counts},
    )


def counts_of(tallies: Iterable[Tally], after_call: float = 0.0) -> Counts:
    """What the formulas ask for, of these tallies."""
    whole = list(tallies)
    queued = [tally for tally in whole if tally.queue is not None]
    answered = [tally for tally in whole if tally.outcome is Outcome.ANSWERED]
    abandoned = [tally for tally in whole if tally.outcome in _ABANDONED]
    return Counts(
        offered=_calls(whole),
        self_served=_calls(t for t in whole if t.outcome is Outcome.SELF_SERVED),
        blocked=sum(_blocked(tally) for tally in whole),
        queued=_calls(queued),
        callbacks=_calls(t for t in queued if t.outcome is Outcome.CALLBACK),
        answered=_calls(answered),
        answered_in=sum(tally.within for tally in answered),
        abandoned=_calls(abandoned),
        abandoned_in=sum(tally.within for tally in abandoned),
        short=sum(tally.short for tally in abandoned),
        dropped=_calls(t for t in answered if t.ending is Ending.DROPPED),
        missed_rings=sum(tally.missed_rings for tally in whole),
        answer_wait=sum(tally.waited for tally in answered),
        longest_wait=max((tally.longest_wait for tally in queued), default=0.0),
        talk=sum(tally.talked for tally in answered),
        after_call=after_call,
    )


def _calls(tallies: Iterable[Tally]) -> int:
    return sum(tally.calls for tally in tallies)


def _blocked(tally: Tally) -> int:
    """Busy or congested. An answered call that ends by congestion was not blocked."""
    if tally.outcome is Outcome.BUSY:
        return tally.calls
    return tally.congested if tally.outcome is Outcome.FAILED else 0


def as_json(report: Report) -> dict[str, Any]:
    """A report as plain data; shares (0..1) and seconds are rounded to six decimals.

    `within` and `target` of the total are null where the queues' own differ: each call is then measured by
    its queue's.
    """
    ledger = report.ledger
    common = set(report.terms.values())
    return {
        "offered": ledger.offered,
        "in_progress": ledger.in_progress,
        "outcomes": {outcome.value: count for outcome, count in ledger.outcomes.items()},
        "endings": {ending.value: count for ending, count in ledger.endings.items()},
        "balanced": ledger.balanced,
        "figures": {
            "service_level": report.level,
            "formulas": {formula.id: _described(formula) for formula in formulas(report.level)},
            "total": _figures(
                report.total, formulas(report.level), common.pop() if len(common) == 1 else None
            ),
            "queues": {
                queue: _figures(counts, formulas(report.level, of_queue=True), report.terms[queue])
                for queue, counts in report.queues.items()
            },
        },
    }


def _described(formula: Formula) -> dict[str, str]:
    return {
        "en": formula.en,
        "zh": formula.zh,
        "formula": formula.formula,
        "source": formula.source,
        "unit": formula.unit,
    }


def _figures(n: Counts, shown: Iterable[Formula], terms: Terms | None) -> dict[str, Any]:
    values = ((formula.id, formula.of(n)) for formula in shown)
    return {
        "queued": n.queued,
        "answered": n.answered,
        "abandoned": n.abandoned,
        "within": terms.within if terms else None,
        "short_abandon": terms.short_abandon if terms else None,
        "target": terms.target if terms else None,
        "values": {name: None if value is None else round(value, 6) for name, value in values},
    }
