"""What works in JupyterLab works in Notebook 7: the same tests, in the other front end.

Runs are steered while the cell is busy, redrawn after a reload, gone back in, interrupted, and two at once; the
explorer, a search and the monitor are live; diagram and text follow each other. `test_notebook_itself.py` runs in both
by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab

# The tests of one story run in the order in which they are imported.
# isort: off
from browser.test_diagram import story, test_the_text_follows_the_diagram_and_the_network_with_it  # noqa: F401
from browser.test_diagram import test_a_mistake_is_marked_and_taken_back_from_the_keyboard  # noqa: F401
from browser.test_diagram import test_the_diagram_follows_the_text  # noqa: F401

# isort: on
from browser.test_explorer import test_values_follow_the_training_and_the_picture_stays  # noqa: F401
from browser.test_loss_chart import (  # noqa: F401
    test_a_reload_while_the_cell_waits_redraws_at_once_and_the_knobs_go_on,
    test_an_interrupt_ends_at_a_step_and_the_notebook_goes_on,
    test_chart_and_knobs_are_live_while_the_cell_waits,
)
from browser.test_monitor import test_it_reads_while_it_is_seen_and_costs_nothing_otherwise  # noqa: F401
from browser.test_steering import (  # noqa: F401
    test_a_click_goes_back_and_a_second_branch_is_drawn,
    test_two_runs_at_once_are_both_live_and_a_run_of_before_is_shown_again,
)
from browser.test_tuner import (  # noqa: F401
    test_a_search_is_live_steered_by_hand_and_goes_on_after_its_end,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Notebook 7 in the place of JupyterLab."""
    folder: Path = tmp_path_factory.mktemp("notebook")
    with Lab(folder, app="notebook") as started:
        yield started
