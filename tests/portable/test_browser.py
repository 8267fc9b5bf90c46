"""The example page in a real browser answers as torch does."""

from __future__ import annotations

import http.server
import json
import os
import queue
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hands3c_core.models import HandNetwork, build_model, load_weights
from hands3c_core.portable import PortableNetwork, convert_network
from hands3c_core.weights import find_weights

PAGE = Path(__file__).parents[2] / "examples" / "portable" / "infer.html"
#: Folder of onnxruntime-web's dist files: npm install onnxruntime-web.
DIST = "HANDS3C_ORT_WEB"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Sends what the page has found, or how it failed, back to where the page came from.
REPORT = """
<script>
  const say = (what) => fetch("/said", { method: "POST", body: JSON.stringify(what) });
  addEventListener("error", (event) => say({ error: String(event.message) }));
  addEventListener("unhandledrejection", (event) => say({ error: String(event.reason) }));
  const wait = setInterval(() => {
    if (!globalThis.hand || !document.getElementById("out").textContent) return;
    clearInterval(wait);
    const text = document.getElementById("out").textContent;
    const numbers = Object.entries(hand).map(([name, tensor]) => [name, [...tensor.data]]);
    say({ text, hand: Object.fromEntries(numbers) });
  }, 50);
</script>
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; what is posted goes to ``said``."""

    said: queue.Queue[dict]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.said.put(json.loads(body))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path):
    """The page with everything that it loads but a network; skips without browser or package."""
    dist = os.environ.get(DIST)
    if not dist or not (Path(dist) / "ort.min.js").is_file():
        pytest.skip(f"needs {DIST}=FOLDER, the dist folder of npm install onnxruntime-web")
    if not any(shutil.which(name) for name in BROWSERS):
        pytest.skip("needs Chromium")
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extra portable")
    for file in Path(dist).glob("ort*"):
        if file.name == "ort.min.js" or file.name.startswith("ort-wasm"):
            (tmp_path / file.name).symlink_to(file.resolve())
    # First, so that nothing that goes wrong is missed.
    page = PAGE.read_text(encoding="utf-8").replace("<script src", REPORT + "<script src", 1)
    (tmp_path / "infer.html").write_text(page, encoding="utf-8")
    return tmp_path


def browse(folder: Path) -> dict:
    """What the page says in headless Chromium."""
    handler = type("Posted", (Handler,), {"said": queue.Queue()})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = next(found for name in BROWSERS if (found := shutil.which(name)))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    options += [f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0"]
    page = f"http://127.0.0.1:{server.server_port}/infer.html"
    with subprocess.Popen([browser, *options, page], stderr=subprocess.DEVNULL) as process:
        try:
            return handler.said.get(timeout=300)
        finally:
            process.kill()
            server.shutdown()
            server.server_close()


@pytest.mark.stress
@pytest.mark.parametrize("name", ["shipped", "hands3c_tiny"])
def test_the_page_answers_as_torch_does(folder, name):
    torch.manual_seed(0)
    network: HandNetwork = (
        load_weights(find_weights("hands3c_lite")) if name == "shipped" else build_model(name)
    )
    convert_network(network, "onnx", folder / "hand")
    side = network.input_size
    crop = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(crop).save(folder / "crop.png")
    portable = PortableNetwork(network)
    with torch.inference_mode():
        wanted = portable(torch.from_numpy(crop).permute(2, 0, 1)[None] / 255)
    said = browse(folder)
    assert "error" not in said, said["error"]
    assert said["text"].startswith(f"1,{network.hand.num_vertices},3 wrist at ")
    for output, tensor in zip(portable.names, wanted, strict=True):
        answer = np.asarray(said["hand"][output], np.float32).reshape(tensor.shape)
        np.testing.assert_allclose(answer, tensor.numpy(), atol=1e-4, rtol=0, err_msg=output)
