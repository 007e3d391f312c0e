"""The ledger added up by hand, line by line: what the database's sums are held against."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from qa.ledger import LedgerLine, Tally, Terms
from qa.metrics import CONGESTED


def tallies_of(lines: Iterable[LedgerLine], terms: Mapping[str | None, Terms]) -> list[Tally]:
    groups: defaultdict[tuple[str | None, str, str | None], list[LedgerLine]] = defaultdict(list)
    for line in lines:
        groups[line.queue, line.outcome, line.ending].append(line)
    return [_tally(group, terms) for group in groups.values()]


def _tally(lines: list[LedgerLine], terms: Mapping[str | None, Terms]) -> Tally:
    first = lines[0]
    asked = terms.get(first.queue, terms[None])
    return Tally(
        first.queue,
        first.outcome,
        first.ending,
        calls=len(lines),
        waited=sum(line.waited for line in lines),
        longest_wait=max(line.waited for line in lines),
        within=sum(line.waited <= asked.within for line in lines),
        short=sum(line.waited <= asked.short_abandon for line in lines),
        talked=sum(line.talked for line in lines),
        missed_rings=sum(line.missed_rings for line in lines),
        congested=sum(line.cause in CONGESTED for line in lines),
    )
