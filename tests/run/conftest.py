"""Runs write their files below a folder that is a test's own."""

import pytest


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path / "data"))
