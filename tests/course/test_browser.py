"""A real browser: exercises from stub to green, a quiz by buttons, the switchboard by keys.

    pip install -e '.[browser]' && python -m pytest tests/course/test_browser.py

Screenshots go to RLFT_SCREENSHOTS, if that is set, for people to look at.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from rlft.core.files import PACKAGE
from rlft.recipes.switchboard import TICKS

ROOT = PACKAGE.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
WAIT = 600  # seconds for anything that a busy machine may be slow at: a start of a kernel, a check
pytestmark = [
    pytest.mark.skipif(
        BROWSER is None, reason=f"no browser is installed; looked for {', '.join(NAMES)}"
    )
]
TD = "def td_target(rewards, terminations, truncations, next_values, gamma):\n    return "
WRONG = TD + "rewards + gamma * (1 - terminations) * (1 - truncations) * next_values"
RIGHT = TD + "rewards + gamma * (1 - terminations) * next_values"
CALIBRATE = """def calibrate(q, returns_to_go):
    return torch.maximum(q, returns_to_go[:, None, :, None])"""
EXPECTILE = """def expectile_loss(error, expectile):
    return (torch.where(error < 0, 1 - expectile, expectile) * error**2).mean(1)"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A copy of the exercises, so that saving in the browser changes nothing, and a quiz."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "exercises", folder / "exercises")
    # Without a kernel's name JupyterLab would ask which one to take.
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for name, code in {"quiz": 'rlft.quiz("01")', "board": "rlft.switchboard()"}.items():
        cells = [nbformat.v4.new_code_cell(f"import rlft\n\n{code}")]
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / f"{name}.ipynb"
        )
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # Else cells below the fold are not in the page, and no test could find them.
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    return folder


@pytest.fixture(scope="module")
def lab(course: Path) -> Iterator[str]:
    """The URL of a JupyterLab in that folder, with its token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={course}",
        f"--LabApp.user_settings_dir={course / 'settings'}",
        f"--LabApp.workspaces_dir={course / 'workspaces'}", "--ip=127.0.0.1",
    ]  # fmt: skip
    environment = {**os.environ, "RLFT_PROGRESS": str(course / "progress.json")}
    log = (course / "lab.log").open("w")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + WAIT
        while True:
            try:
                urllib.request.urlopen(f"{url}/api?token={token}", timeout=WAIT).read()
                break
            except OSError:
                alive = server.poll() is None and time.monotonic() < deadline
                assert alive, (course / "lab.log").read_text()
                time.sleep(0.5)
        yield f"{url}/lab/tree/{{}}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(WAIT)
        log.close()


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without a sandbox of its own, as root may not have one; only our own pages are opened.
        browser = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run"],
            timeout=1000 * WAIT,  # milliseconds, as all of its times
        )
        page = browser.new_page(viewport={"width": 1300, "height": 1600})
        page.set_default_timeout(1000 * WAIT)
        yield page
        browser.close()


def open_notebook(page, lab: str, path: str) -> None:
    """Opens a notebook and waits until its kernel is ready; earlier, Run All would do nothing."""
    page.goto(lab.format(path))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    wait_until_idle(page)


def wait_until_idle(page) -> None:
    # Not the indicator beside the notebook: it says idle before there is a kernel at all.
    page.locator("#jp-main-statusbar").get_by_text(" | Idle").wait_for()


def cell_with(page, text: str):
    return page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=text).first


def write_and_check(page, function: str, source: str, exercise: str, status: str):
    """Replaces a cell's text, runs it and its check, and waits for the check's answer."""
    page.keyboard.press("Escape")
    answer = cell_with(page, f"def {function}(")
    answer.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    check = cell_with(page, f'rlft.check("{exercise}"')
    check.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    result = check.locator(f".rlft-check.rlft-{status}")
    result.wait_for()
    result.scroll_into_view_if_needed()
    return result


def shoot(page, name: str) -> None:
    if folder := os.environ.get("RLFT_SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{name}.png"))


def test_three_exercises_go_from_stub_to_green(page, lab, course):
    open_notebook(page, lab, "exercises/01_offline_pessimism.ipynb")
    page.click('.lm-MenuBar-itemLabel:text-is("Run")')
    page.click('[data-command="runmenu:run-all"]')
    cell_with(page, 'rlft.check("01-1"').locator(".rlft-not-started").wait_for()
    cell_with(page, "rlft.progress()").locator("table").wait_for()
    wait_until_idle(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    shoot(page, "1-as-shipped")

    failed = write_and_check(page, "td_target", WRONG, "01-1", "failed")
    assert "one episode is truncated" in failed.inner_text()
    assert "The clock ran out" in failed.inner_text()  # the hint for this very mistake
    shoot(page, "2-wrong")
    passed = write_and_check(page, "td_target", RIGHT, "01-1", "passed")
    assert "passed, all" in passed.inner_text()
    shoot(page, "3-right")
    write_and_check(page, "calibrate", CALIBRATE, "01-5", "passed")
    write_and_check(page, "expectile_loss", EXPECTILE, "01-4", "passed")
    shoot(page, "4-three-done")

    cell_with(page, "rlft.progress()").locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 of ", exact=False).first.wait_for()
    shoot(page, "5-progress")
    done = json.loads((course / "progress.json").read_text())["exercises"]
    assert {name for name, one in done.items() if one["passed"]} == {"01-1", "01-4", "01-5"}
    assert done["01-1"]["attempts"] == 2


def test_a_quiz_answers_by_buttons(page, lab):
    open_notebook(page, lab, "quiz.ipynb")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    page.locator(".jp-OutputArea button").first.wait_for()
    questions = page.locator(".jp-OutputArea .widget-vbox .widget-vbox")
    assert questions.count() == 3
    for question in questions.all():
        buttons, reply = question.locator("button"), question.locator(".widget-html").last
        signs = []
        for button in buttons.all():
            button.click()
            reply.get_by_text(button.inner_text(), exact=True).wait_for()  # its letter, in bold
            signs.append("✓" in reply.inner_text())
        assert signs.count(True) == 1
        buttons.nth(signs.index(True)).click()
    shoot(page, "6-quiz")


def test_the_switchboard_answers_to_the_keyboard(page, lab):
    open_notebook(page, lab, "board.ipynb")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    output = page.locator(".jp-OutputArea")
    output.locator('img[alt^="SAC with policy, critics. "]').wait_for()
    output.locator('img[alt^="What each tick does"]').wait_for()  # what paper has too
    output.get_by_label("policy", exact=True).focus()
    focused = "document.activeElement.closest('label')?.innerText.trim()"
    reached = [page.evaluate(focused)]
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(focused))
    assert reached == list(TICKS.values())
    page.keyboard.press("Space")  # on the last one
    output.locator('img[alt^="SAC with policy, critics, warm-up. "]').wait_for()
    shoot(page, "7-switchboard")
    output.get_by_label("critics", exact=True).focus()
    page.keyboard.press("Space")
    output.locator('img[alt^="SAC with policy, warm-up. "]').wait_for()
    assert output.get_by_label("target critics", exact=True).is_disabled()
