"""Fernet keys: alike on every controller, rotated by the clock, never leaving a token unreadable."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from hypothesis import given
from hypothesis import strategies as st

from fournines.services.keystone import KeystoneOptions, fernet_keep
from fournines.services.onhost.fernet_keys import keys, sync

MASTER = b"m" * 32
PERIOD = 43_200
KEEP = fernet_keep(KeystoneOptions())
TOKEN_LIFE = 3600 + 172_800


def primary(held: dict[str, str]) -> Fernet:
    return Fernet(held[max(held, key=int)])


def readers(held: dict[str, str]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in held.values()])


@given(st.floats(1e9, 3e9), st.floats(0, TOKEN_LIFE))
def test_a_token_is_readable_for_its_whole_life(made: float, age: float):
    token = primary(keys(MASTER, made, PERIOD, KEEP)).encrypt(b"token")
    assert readers(keys(MASTER, made + age, PERIOD, KEEP)).decrypt(token) == b"token"


@given(st.floats(1e9, 3e9), st.floats(-PERIOD * 0.99, PERIOD * 0.99))
def test_controllers_whose_clocks_differ_by_less_than_a_period_read_each_other(now: float, skew: float):
    token = primary(keys(MASTER, now + skew, PERIOD, KEEP)).encrypt(b"token")
    assert readers(keys(MASTER, now, PERIOD, KEEP)).decrypt(token) == b"token"


def test_the_primary_key_changes_each_period_and_was_staged_before():
    now = 1_790_000_000
    before, after = keys(MASTER, now, PERIOD, KEEP), keys(MASTER, now + PERIOD, PERIOD, KEEP)
    assert primary(before)._signing_key != primary(after)._signing_key  # pyright: ignore[reportPrivateUsage]
    assert before["0"] == after[max(after, key=int)]


def test_sync_writes_only_what_changed_and_drops_what_is_old(tmp_path: Path):
    repository = tmp_path / "fernet-keys"
    first = keys(MASTER, 1_790_000_000, PERIOD, KEEP)
    assert set(sync(str(repository), first)) == set(first)
    assert sync(str(repository), first) == []
    later = keys(MASTER, 1_790_000_000 + PERIOD, PERIOD, KEEP)
    changed = sync(str(repository), later)
    assert {name: (repository / name).read_text() for name in os.listdir(repository)} == later
    assert len(changed) == 3  # the staged one, the new one, the oldest gone
    assert {(repository / name).stat().st_mode & 0o777 for name in later} == {0o600}
