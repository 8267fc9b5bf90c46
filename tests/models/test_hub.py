"""Weights named by a folder, or by a place on a hub that a local server plays."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hands3c_core.errors import UserError
from hands3c_core.models import build_model, load_weights, save_weights
from hands3c_core.models.hub import local_weights

COMMIT = "0" * 40


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    save_weights(build_model("hands3c_tiny"), path)
    return path


def test_a_folder_stands_for_its_weights(weights, tmp_path):
    assert load_weights(weights.parent).name == "hands3c_tiny"
    with pytest.raises(UserError, match=r"holds no \.safetensors"):
        local_weights(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").touch()
    with pytest.raises(UserError, match="several weights"):
        local_weights(tmp_path)
    (tmp_path / "model.safetensors").touch()
    assert local_weights(tmp_path).name == "model.safetensors"


@pytest.mark.parametrize("name", ["hf://", "hf://user", "hf:/user/repo/", "hf://a/b c/d"])
def test_what_is_no_place_on_the_hub_says_so(name):
    with pytest.raises(UserError, match="no place on the hub"):
        local_weights(name)


@pytest.fixture
def hub(weights, tmp_path, monkeypatch):
    """A server with one repository, someone/hands."""
    pytest.importorskip("huggingface_hub")
    content = weights.read_bytes()
    asked = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self._answer(with_body=False)

        def do_GET(self):
            self._answer(with_body=True)

        def _answer(self, with_body):
            asked.append((self.command, self.path))
            if self.path.startswith("/api/models/someone/hands"):
                names = ("README.md", "weights.safetensors")
                files = [{"type": "file", "path": n, "size": 1, "oid": "0"} for n in names]
                self._send(json.dumps(files).encode(), "application/json", with_body)
            elif self.path.startswith("/someone/hands/resolve/"):
                self._send(content, "application/octet-stream", with_body)
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _send(self, body, kind, with_body):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    yield asked
    server.shutdown()
    server.server_close()


def test_weights_are_fetched_once(hub):
    assert load_weights("hf://someone/hands").name == "hands3c_tiny"
    fetched = [path for method, path in hub if method == "GET" and path.endswith("safetensors")]
    assert load_weights("hf://someone/hands@main/weights.safetensors").name == "hands3c_tiny"
    again = [path for method, path in hub if method == "GET" and path.endswith("safetensors")]
    assert len(fetched) == len(again) == 1


def test_what_is_not_there_is_one_line(hub):
    with pytest.raises(UserError, match="cannot be fetched") as caught:
        load_weights("hf://nobody/nothing/weights.safetensors")
    assert "\n" not in str(caught.value)


def test_a_hub_that_is_not_there_is_one_line(monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot be fetched"):
        load_weights("hf://someone/hands")
