"""What a person comes back to: a closed browser whose run went on, or ended; a network after an interrupt."""

from __future__ import annotations

import json
import time

import pytest
from browser.lab import Lab, until
from browser.pictures import keep
from browser.test_loss_chart import CHART, ENDLESS, WIDGET, inked, started, step_of

pytestmark = pytest.mark.browser

AWAY = 5.0  # seconds without any page; some ten thousand steps
ENDING = ENDLESS.replace("100000", "40")
USE = """
first = {name: p.data().asnumpy() for name, p in net.collect_params().items()}
whole = all(np.isfinite(values).all() for values in first.values())
accuracy = float((net(dl.np.array(test[0])).asnumpy().argmax(axis=1) == test[1]).mean())
last = run.history.last("loss")
again = dl.run.train(net, train, epochs=1, batch=32, lr=0.01, show=False)
print(run.state, run.exception, whole, accuracy > 0.6, again.state, again.history.last("loss") < 2 * last + 0.1)
"""


def test_a_browser_that_was_closed_finds_the_whole_history(lab: Lab) -> None:
    notebook = started(lab, "closed.ipynb", f"{ENDLESS} --background", "run.stop(); print(int(run.wait().step))")
    notebook.save()
    before = step_of(notebook)
    notebook.close()  # page and browser profile are gone; the kernel is not
    time.sleep(AWAY)
    notebook = lab.open("closed.ipynb")
    panel = notebook.page.locator(f"{CHART} .dl-panel[data-name='loss']")
    panel.wait_for(timeout=30_000)
    until(lambda: step_of(notebook) > before + 1000, 20, "the steps that were done meanwhile")
    seen = step_of(notebook)
    until(lambda: int(panel.get_attribute("data-points") or 0) >= seen, 20, "a point for each step")
    assert panel.get_attribute("data-first") == "1"
    until(lambda: inked(notebook, "loss") > 300, 20, "the curve")
    keep(notebook, "closed-and-back")
    notebook.page.locator(f"{CHART} .dl-pause").click()  # and its buttons are connected
    until(lambda: notebook.page.locator(f"{CHART} .dl-state").inner_text() == "paused", 10, "the pause")
    notebook.run(2, wait=30)
    assert int(notebook.text(2)) >= seen
    notebook.close()


def test_a_run_that_ended_while_the_browser_was_closed_leaves_its_picture(lab: Lab) -> None:
    notebook = started(lab, "ended.ipynb", f"{ENDING} --background", "print(run.wait(60).state)")
    notebook.save()
    notebook.close()
    time.sleep(AWAY)
    notebook = lab.open("ended.ipynb")
    notebook.run(2, wait=90)
    assert notebook.text(2).strip() == "finished"
    until(lambda: "image/png" in notebook.outputs(1)[0]["data"], 30, "the picture of the whole run")
    assert "finished" in notebook.text(1) and WIDGET not in notebook.outputs(1)[0]["data"]
    keep(notebook, "ended-and-back")
    notebook.save()
    notebook.close()
    outputs = [o for c in json.loads((lab.folder / "ended.ipynb").read_text())["cells"] for o in c["outputs"]]
    assert not any(WIDGET in output.get("data", {}) for output in outputs)


def test_an_interrupt_leaves_a_network_that_computes_and_trains_on(lab: Lab) -> None:
    notebook = started(lab, "usable.ipynb", ENDLESS, USE)
    until(lambda: step_of(notebook) > 1000, 60, "a thousand steps")
    notebook.interrupt()
    notebook.wait_idle(1, 30)
    notebook.run(2, wait=60)
    assert notebook.errors() == {}
    assert notebook.text(2).strip() == "stopped None True True finished True"
    notebook.close()
