"""A headless Chromium, driven through its DevTools protocol over a pipe: no driver, no port, no further library."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # whoever runs tests in a container is root; only our own pages are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_BEGIN = """
import os, sys
ends = [os.dup(os.dup(int(each))) for each in sys.argv[1:3]]
for number, end in zip((3, 4), [os.dup2(each, 60 + place) for place, each in enumerate(ends)]):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads what it is told from 3, and answers on 4."""
_SECONDS = 60.0
TALLEST = 16000
"""Pixels of a page that a picture of it shows."""


class Chromium:
    """The browser with one page. Every request it makes is remembered in ``requests``, what its console and its
    security policy complain of in ``complaints``."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _BEGIN,
                str(theirs_in),
                str(theirs_out),
                program,
                *_FLAGS,
                f"--user-data-dir={profile}",
            ],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._last, self._session = b"", 0, ""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded: set[str] = set()
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "DOM"):
            self._call(f"{domain}.enable")
        # No window has the focus where there is no screen; keys go to the page all the same.
        self._call("Emulation.setFocusEmulationEnabled", enabled=True)

    def size(self, width: int, height: int = 900) -> None:
        """The window's size in CSS pixels."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scripts(self, on: bool) -> None:
        """Whether pages may run JavaScript; what a test runs by ``run`` isn't the page's."""
        self._call("Emulation.setScriptExecutionDisabled", value=not on)

    def media(self, kind: str) -> None:
        """As ``print`` or ``screen``."""
        self._call("Emulation.setEmulatedMedia", media=kind)

    def go(self, address: str) -> None:
        """Opens an address, and waits until it is loaded."""
        with self.another_page():
            self._call("Page.navigate", url=address)

    @contextlib.contextmanager
    def another_page(self) -> Iterator[None]:
        """What is done inside leads to another page: waits until that one is loaded."""
        self._loaded.clear()
        yield
        self._wait_for("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Waits until the page is so: a loaded page has the focus where it wants it only once it has been drawn."""
        until = time.monotonic() + _SECONDS
        while not self.run(condition):
            assert time.monotonic() < until, f"never: {condition}"

    def press(self, key: str, *, shift: bool = False) -> None:
        """One key: ``Tab``, ``Enter``, ``Space``, ``Escape``, an arrow."""
        codes = {"Tab": 9, "Enter": 13, "Space": 32, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39}
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        named = {"key": " " if key == "Space" else key, "code": key, "windowsVirtualKeyCode": codes[key]}
        modifiers = 8 if shift else 0
        kind = "keyDown" if text else "rawKeyDown"
        self._call(
            "Input.dispatchKeyEvent", type=kind, modifiers=modifiers, **named, **({"text": text} if text else {})
        )
        self._call("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **named)

    def key(self, char: str) -> None:
        """One key that writes a character, such as a date field's digits."""
        about = {"key": char, "text": char, "windowsVirtualKeyCode": ord(char)}
        self._call("Input.dispatchKeyEvent", type="keyDown", **about)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=char, windowsVirtualKeyCode=ord(char))

    def type(self, text: str) -> None:
        """Writes where the focus is."""
        self._call("Input.insertText", text=text)

    def choose(self, selector: str, *files: Path) -> None:
        """Gives files to a file field, as its dialog would."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=node, files=[str(each) for each in files])

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], TALLEST), "scale": 1}
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def paper(self) -> bytes:
        """The page as PDF, as it is printed."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=False)["data"])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._send({"id": 0, "method": "Browser.close"})
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def _call(self, method: str, **values: Any) -> dict[str, Any]:
        self._last += 1
        wanted = self._last
        message = {"id": wanted, "method": method, "params": values}
        self._send({**message, "sessionId": self._session} if self._session else message)
        while True:
            answer = self._next()
            if answer.get("id") == wanted:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _wait_for(self, event: str) -> None:
        while event not in self._loaded:
            self._next()

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(until - time.monotonic(), 0))
            assert ready, "Chromium doesn't answer"
            read = os.read(self._in, 1 << 20)
            assert read, "Chromium has ended"
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, about: dict[str, Any]) -> None:
        if event.startswith("Page."):
            self._loaded.add(event)
        if event == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        if event == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(about["entry"]["text"])


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser with a profile of its own, both gone at the end. Skips where no Chromium is installed; fails there with
    CPDOCS_PEERS=required, as in CI."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), "")
    if not program:
        why = "Chromium isn't installed: make test installs it"
        (pytest.fail if os.environ.get("CPDOCS_PEERS") == "required" else pytest.skip)(why)
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        browser = Chromium(program, Path(profile))
        try:
            yield browser
        finally:
            browser.close()
