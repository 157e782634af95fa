"""All channels side by side, as in a refresh, while one request in twenty breaks: whole, honest, and no dearer.

The budget of requests is for a refresh, not for a channel: one that asks six times has its luck with six.
`make torture` runs twenty seeds and prints what each took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.channels.compared import START, loaded, truth
from tests.channels.descriptions import DESCRIPTIONS

RATE, BUDGET = 0.05, 1.25
# Far more than a load takes, far less than for ever.
LONGEST = 300
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(1, 20))]


def load_all(bench: Any) -> Counter[str]:
    """Requests by channel. Every channel must say that it is loaded, and then be loaded whole."""
    before = Counter(bench.sandbox.state.counts)
    with ThreadPoolExecutor(len(DESCRIPTIONS)) as pool:
        loads = {name: pool.submit(bench.load, name) for name in DESCRIPTIONS}
        results = {name: load.result(LONGEST) for name, load in loads.items()}
    asked = Counter(bench.sandbox.state.counts) - before
    said = {name: [(one.state, one.error) for one in of_channel.values()] for name, of_channel in results.items()}
    assert {state for found in said.values() for state, _ in found} == {"loaded"}, said
    for name, described in DESCRIPTIONS.items():
        assert loaded(bench, name, described) == truth(bench, name, described), name
    return Counter({name: asked[name] for name in DESCRIPTIONS})


@pytest.mark.parametrize("seed", SEEDS)
def test_one_broken_request_in_twenty_changes_nothing(make_bench: Callable[..., Any], seed: int) -> None:
    bench = make_bench(seed=seed)
    for name, described in DESCRIPTIONS.items():
        bench.set(name, start_date=START.isoformat(), **described.settings)
    bench.tell(page_size=1)
    faultless = load_all(bench)
    bench.tell(faults=RATE)
    bench.folder /= "faulty"
    faulty = load_all(bench)
    broken = bench.sandbox.state.faults_done
    ratios = {name: faulty[name] / faultless[name] for name in DESCRIPTIONS}
    dearest = max(ratios, key=lambda name: ratios[name])
    print(
        f"\nseed {seed}: {faultless.total()} requests, with {broken.total()} faults {faulty.total()} "
        f"({faulty.total() / faultless.total():.3f} x), at most {ratios[dearest]:.2f} x ({dearest})"
    )
    assert broken.total() > RATE / 2 * faultless.total()
    assert faulty.total() <= BUDGET * faultless.total(), (faultless, faulty, broken)
