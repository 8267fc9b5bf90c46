"""The page with three.js in a real browser: it connects by itself and draws the moving hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from chromium import Chromium, find_chromium

from hands3c_core.live import LiveOut, Target
from hands3c_core.render.render_mesh import render_mesh


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (set CHROMIUM to its path, or install it)")
    with Chromium(program, tmp_path / "profile") as made:
        yield made


@pytest.fixture
def sending(port: int, make_result) -> Iterator[LiveOut]:
    """Frames at 30 a second, over and over."""
    done = threading.Event()
    with LiveOut([Target("ws", port=port)]) as live:

        def send() -> None:
            index = 0
            while not done.wait(1 / 30):
                live.send(make_result(index % 100))
                index += 1

        thread = threading.Thread(target=send)
        thread.start()
        yield live
        done.set()
        thread.join()


def wait_for(condition: Callable[[], object], timeout: float = 60.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def picture(browser: Chromium) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_COLOR)


def test_the_page_draws_the_hands_that_are_sent(browser, sending, port, tmp_path):
    browser.go(f"http://127.0.0.1:{port}/")
    wait_for(lambda: browser.value("window.hands3c?.frames > 20"))
    hands = browser.value("window.hands3c.hands")
    assert [hand["is_right"] for hand in hands] == [True, False]
    assert np.shape(hands[0]["joints_3d"]) == (21, 3)
    assert "right and left" in browser.value("document.getElementById('status').textContent")
    first = picture(browser)
    # Finger colours are on the page: each finger's hue covers some pixels.
    hsv = cv2.cvtColor(first, cv2.COLOR_BGR2HSV)
    coloured = hsv[(hsv[..., 1] > 110) & (hsv[..., 2] > 90)]
    for low, high in ((5, 16), (20, 30), (50, 70), (97, 108), (130, 145)):
        share = ((coloured[:, 0] >= low) & (coloured[:, 0] <= high)).sum()
        assert share > 50, (low, high)
    seen = browser.value("window.hands3c.frames")
    wait_for(lambda: browser.value("window.hands3c.frames") > seen + 15)
    moved = np.abs(picture(browser).astype(int) - first).max(axis=2) > 40
    assert moved.sum() > 200
    (tmp_path / "page.png").write_bytes(browser.screenshot())
    assert not browser.messages


def test_the_page_shows_skin_where_the_hand_model_is_known(browser, port, make_result, hand_model):
    done = threading.Event()
    with LiveOut([Target("ws", port=port)]) as live:

        def send() -> None:
            while not done.wait(1 / 10):
                live.send(make_result(5), hand_model)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            browser.go(f"http://127.0.0.1:{port}/")
            wait_for(lambda: browser.value("window.hands3c?.meshes === 2"))
            # Every vertex is drawn: the points and their copies on the skin's seams.
            expected = len(render_mesh(hand_model).vertex_map)
            assert browser.value("window.hands3c.points") == [expected, expected]

            def skin_coloured() -> bool:
                hsv = cv2.cvtColor(picture(browser), cv2.COLOR_BGR2HSV)
                skin = (hsv[..., 0] < 25) & (hsv[..., 1] > 40) & (hsv[..., 2] > 60)
                fingers = (hsv[..., 0] > 40) & (hsv[..., 1] > 110) & (hsv[..., 2] > 90)
                return bool(skin.sum() > 5000 and fingers.sum() < 500)

            wait_for(skin_coloured)
            assert not browser.messages
        finally:
            done.set()
            thread.join()


def test_the_page_waits_for_the_app_and_connects_again(browser, port, make_result):
    target = Target("ws", port=port)
    with LiveOut([target]) as live:
        browser.go(f"http://127.0.0.1:{port}/")
        wait_for(lambda: live.status.clients)
    wait_for(lambda: "Waiting" in browser.value("document.getElementById('status').textContent"))
    with LiveOut([target]) as live:
        wait_for(lambda: live.status.clients)
        live.send(make_result(1))
        wait_for(lambda: browser.value("window.hands3c.frames") == 1)
