#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page of the matrix, looked at in a real browser without a screen. Writes TAP.

usage: test_matrix_page.py PATH_OF_LINSOCK FOLDER_FOR_SCREENSHOTS
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from tap import run_all, tests_of  # pylint: disable=wrong-import-position

LIMIT = 120  # seconds that the browser has for one answer
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


class Browser:
    """One page, driven by the DevTools protocol over two pipes (descriptors 3 and 4)."""

    def __init__(self, program, folder):
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     f"--user-data-dir={folder}", "--remote-debugging-pipe", "--window-size=1100,800", "about:blank"]
        # The shell moves the pipes to the numbers that the browser takes them from.
        script = 'exec "$0" "$@" 3<&%d 4>&%d' % (to_browser, from_browser)
        self.process = subprocess.Popen(["bash", "-c", script, program, *arguments], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, pass_fds=[to_browser, from_browser])
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.last, self.session = b"", 0, None
        target = self.await_value("a page", lambda: next(
            (t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"), None))
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]

    @staticmethod
    def await_value(what, look):
        """What @look gives, once it is something: the browser answers before it has done all."""
        deadline = time.monotonic() + LIMIT
        while not (value := look()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the browser has not: {what}")
            time.sleep(0.02)
        return value

    def message(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise EOFError("the browser ended")
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.last += 1
        command = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + LIMIT
        while True:
            message = self.message(deadline)
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def open(self, path):
        # What is there before is marked, so as not to be taken for the new page.
        self.evaluate("globalThis.isOld = true")
        self.call("Page.navigate", url=f"file://{path}")

        def is_there():
            try:
                return self.evaluate("!globalThis.isOld && document.readyState === 'complete'")
            except RuntimeError:  # between two pages there is none
                return False

        self.await_value("loaded the page", is_there)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def press(self, key, text=None):
        more = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def type(self, text):
        for letter in text:
            self.press(letter, letter)

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)


SHOWN = "[...document.querySelectorAll('tbody tr')].filter((r) => r.checkVisibility()).map((r) => r.dataset.name)"


def report(release, **verdicts):
    return {"linsock": "0.1.0", "kernel": {"release": release, "version": "#1", "machine": "x86_64"},
            "backend": {"name": "uring", "error": None, "reason": "the self-test passed"},
            "features": {name.replace("__", "."): {"verdict": verdict, "error": "EINVAL" if verdict == "no" else None,
                                                   "evidence": f"tried on {release}", "summary": "it"}
                         for name, verdict in verdicts.items()}}


def make_page(linsock, folder):
    arguments = []
    for release, isotp in (("6.1.0", "no"), ("6.12.0", "loadable"), ("7.2.0", "yes")):
        path = Path(folder, f"{release}.json")
        path.write_text(json.dumps(report(release, can__raw="yes", can__isotp=isotp, uring__nop="yes",
                                          uring__send_zc="denied", uring__recv_zc=isotp)))
        arguments += ["--from", str(path)]
    page = Path(folder, "matrix.html")
    subprocess.run([linsock, "probe", *arguments, "--html", str(page)], check=True)
    return page


def test_sections_rows_and_cells_are_there(browser, _):
    assert browser.evaluate("[...document.querySelectorAll('h2')].map((h) => h.textContent)") == ["can", "uring"]
    assert browser.evaluate(SHOWN) == ["can.raw", "can.isotp", "uring.nop", "uring.send_zc", "uring.recv_zc"]
    assert browser.evaluate("[...document.querySelectorAll('section:first-of-type thead th')]"
                            ".map((h) => h.textContent)") == ["feature", "6.1.0", "6.12.0", "7.2.0"]
    cells = browser.evaluate("[...document.querySelectorAll('tr[data-name=\"can.isotp\"] td')].map((c) =>"
                             " [c.className, c.querySelector('.word').textContent, c.getAttribute('aria-label')])")
    assert cells == [["v no", "✘ no EINVAL", "6.1.0: no. tried on 6.1.0"],
                     ["v loadable", "○ loadable", "6.12.0: loadable. tried on 6.12.0"],
                     ["v yes", "✔ yes", "7.2.0: yes. tried on 7.2.0"]], cells
    assert browser.evaluate("document.getElementById('count').textContent") == "5 of 5 features"


def test_verdicts_differ_in_colour(browser, _):
    colours = browser.evaluate("['yes', 'no', 'loadable', 'denied'].map((word) =>"
                               " getComputedStyle(document.querySelector(`td.${word} > .word`)).color)")
    assert len(set(colours)) == 4, colours


def test_only_differences_are_shown_on_demand(browser, _):
    browser.evaluate("document.getElementById('differing').click()")
    assert browser.evaluate(SHOWN) == ["can.isotp", "uring.recv_zc"]
    browser.evaluate("document.getElementById('differing').click()")
    assert len(browser.evaluate(SHOWN)) == 5


def test_the_search_takes_words_and_hides_what_is_empty(browser, _):
    browser.press("/", "/")
    browser.type("zc uring")
    assert browser.evaluate("document.getElementById('search').value") == "zc uring"
    assert browser.evaluate(SHOWN) == ["uring.send_zc", "uring.recv_zc"]
    assert browser.evaluate("[...document.querySelectorAll('section')].map((s) => s.hidden)") == [True, False]
    assert browser.evaluate("[...document.querySelectorAll('nav a')].map((a) => a.hidden)") == [True, False]
    browser.type(" nothing")
    assert browser.evaluate(SHOWN) == []
    assert browser.evaluate("document.getElementById('nothing').checkVisibility()") is True
    browser.evaluate("search.value = ''; search.dispatchEvent(new Event('input'))")
    assert len(browser.evaluate(SHOWN)) == 5


def test_the_keyboard_reaches_the_evidence(browser, screenshots):
    visible = "[...document.querySelectorAll('.why')].filter((w) => w.checkVisibility()).map((w) => w.textContent)"
    assert browser.evaluate(visible) == []
    browser.evaluate("document.querySelector('tr[data-name=\"can.raw\"] td').focus()")
    assert browser.evaluate(visible) == ["tried on 6.1.0"]
    browser.press("ArrowDown")
    browser.press("ArrowRight")
    assert browser.evaluate("document.activeElement.getAttribute('aria-label')") == "6.12.0: loadable. tried on 6.12.0"
    assert browser.evaluate(visible) == ["tried on 6.12.0"]
    browser.screenshot(screenshots / "matrix-light.png")
    browser.press("Escape")
    assert browser.evaluate(visible) == []


def test_hovering_shows_the_evidence(browser, _):
    place = browser.evaluate("(({x, y}) => [x + 5, y + 5])"
                             "(document.querySelector('tr[data-name=\"can.isotp\"] td').getBoundingClientRect())")
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    assert browser.evaluate("document.querySelector('tr[data-name=\"can.isotp\"] .why').checkVisibility()") is True
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)


def luminance(colour):
    numbers = [int(part) for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    parts = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in numbers]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_light_and_dark_can_be_read(browser, screenshots):
    """Every word has a contrast of 4.5 at least, as WCAG AA wants it."""
    words = ("[...document.querySelectorAll('td > .word, li, .intro, small, h1')].map((e) => { let g = e;"
             " while (getComputedStyle(g).backgroundColor === 'rgba(0, 0, 0, 0)') g = g.parentElement;"
             " return [e.className + e.tagName, getComputedStyle(e).color, getComputedStyle(g).backgroundColor]; })")
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for name, ink, ground in browser.evaluate(words):
            low, high = sorted((luminance(ink), luminance(ground)))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (scheme, name, ink, ground)
        is_dark = luminance(browser.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.2
        assert is_dark == (scheme == "dark"), scheme
    browser.screenshot(screenshots / "matrix-dark.png")
    browser.evaluate("document.getElementById('theme').click()")
    assert luminance(browser.evaluate("getComputedStyle(document.body).backgroundColor")) > 0.7


def test_a_narrow_window_scrolls_the_table_alone(browser, _):
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    assert browser.evaluate("document.documentElement.scrollWidth <= 390") is True
    browser.call("Emulation.clearDeviceMetricsOverride")


def main():
    linsock, screenshots = sys.argv[1], Path(sys.argv[2])
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(f"1..0 # SKIP no browser: none of {', '.join(BROWSERS)} is installed")
        return 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, Path(folder, "profile"))
        try:
            browser.open(make_page(linsock, folder))
            return run_all(tests_of(globals()), browser, screenshots)
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
