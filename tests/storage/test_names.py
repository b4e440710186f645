"""Digests of names match what they are of, and nothing else; nobody reads a name off them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.storage import names
from avkd_cli.storage.heads import StoredHead

RUN, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
NAMES = st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=8)


def test_a_digest_says_its_key_which_follows_from_the_fingerprint():
    (one,) = names.digests(["ann"], RUN)
    assert names.is_digest(one) and one.startswith(f"~{names.key_of(RUN)}:") and "ann" not in one
    # BLAKE2b by hand: Python's own, under the key that the digest says.
    assert one == names.digest_of("ann", names.key_of(RUN))
    assert names.digests(["ann"], OTHER) != [one]


@given(NAMES, NAMES)
def test_whoever_is_in_both_is_found_and_nobody_else(trained, asked):
    for entries in (trained, names.digests(trained, RUN)):
        assert names.known(entries, asked) == set(trained) & set(asked)


@given(NAMES)
def test_all_names_come_back_in_their_order_where_they_are_known(people):
    assert names.resolved(names.digests(people, RUN), people) == people
    assert names.resolved(names.digests(people, RUN), []) == names.digests(people, RUN)


def test_digests_of_several_runs_and_plain_names_lie_in_one_list():
    mixed = [*names.digests(["ann", "bob"], RUN), *names.digests(["ann", "cid"], OTHER), "dan"]
    assert names.known(mixed, ["ann", "cid", "dan", "eve"]) == {"ann", "cid", "dan"}
    assert names.digests(mixed, RUN)[:4] == mixed[:4]  # a digest is not digested again
    whole = names.together(["ann", "bob"], mixed)
    assert whole == sorted(["ann", "bob", "dan", mixed[3]])  # cid stays unknown


@pytest.mark.parametrize("name", ["", "~", "~12:34", "ann", "~" + "0" * 12 + ":" + "g" * 24])
def test_a_name_is_no_digest(name):
    assert not names.is_digest(name)


def test_a_record_is_hidden_whole():
    record = {
        "persons": ["ann", "bob", "cid"],
        "classes": ["ann"],
        "label": "person",
        "heads": {"person": {"kind": "softmax", "classes": ["bob", "ann"]}},
    }
    found = names.hidden(record, RUN)
    assert not any(name in str(found) for name in ("ann", "bob", "cid"))
    assert found["heads"]["person"]["classes"] == names.digests(["bob", "ann"], RUN)  # as rows lie
    assert found["persons"] == sorted(names.digests(["ann", "bob", "cid"], RUN))
    assert record["persons"] == ["ann", "bob", "cid"]
    assert names.hidden(found, OTHER) == found


def test_a_stored_head_gives_its_rows_by_name_whatever_it_keeps():
    weight = np.arange(6, dtype=np.float32).reshape(3, 2)
    for classes in (["ann", "bob", "cid"], names.digests(["ann", "bob", "cid"], RUN)):
        head = StoredHead("softmax", classes, weight)
        assert head.missing(["cid", "eve", "ann"]) == ["eve"]
        taken = head.taking(["cid", "ann"])
        assert taken.classes == ["cid", "ann"] and taken.weight.tolist() == [[4, 5], [0, 1]]
