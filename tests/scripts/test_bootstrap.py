"""The bootstrap's decisions, without installing anything."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.py"


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_uses_only_the_standard_library():
    command = [sys.executable, "-I", "-S", str(SCRIPT), "--help"]
    assert "{app,test,install}" in subprocess.check_output(command, text=True)


def test_app_arguments_pass_through(bootstrap):
    args, rest = bootstrap.parse_arguments(["app", "--headless", "clip.mp4", "--out", "x"])
    assert args.command == "app"
    assert rest == ["--headless", "clip.mp4", "--out", "x"]


def test_app_help_is_the_apps(bootstrap):
    args, rest = bootstrap.parse_arguments(["app", "--help"])
    assert (args.command, rest) == ("app", ["--help"])


def test_the_tests_get_everything_they_import(bootstrap, monkeypatch):
    """Without Lightning the training tests would skip, and nobody would notice."""
    asked = []
    monkeypatch.setattr(bootstrap, "check_system", lambda *_, **__: None)
    monkeypatch.setattr(
        bootstrap, "ensure_environment", lambda venv, extras, index, hashes: asked.append(extras)
    )
    monkeypatch.setattr(bootstrap, "run_tests", lambda python, rest: 0)
    assert bootstrap.main(["test"]) == 0
    assert asked == [["app", "dev", "export", "train"]]


@pytest.mark.parametrize("version", [(3, 9), (3, 14)])
def test_other_pythons_are_refused(bootstrap, monkeypatch, version):
    monkeypatch.setattr(bootstrap.sys, "version_info", (*version, 0, "final", 0))
    with pytest.raises(bootstrap.BootstrapError, match=r"3\.10 to 3\.13"):
        bootstrap.check_python()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="apt packages are Linux's")
def test_missing_system_packages_are_named(bootstrap, monkeypatch):
    absent = {"libEGL.so.1", "libxcb-cursor.so.0"}
    monkeypatch.setattr(bootstrap, "loads", lambda name: name not in absent)
    monkeypatch.setattr(bootstrap, "has_fonts", lambda: True)
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(
        bootstrap.BootstrapError, match="install -y libegl1 libxcb-cursor0"
    ) as error:
        bootstrap.check_system("app", allowed=False)
    assert "libEGL.so.1" in str(error.value)
    monkeypatch.delenv("DISPLAY")
    assert set(bootstrap.missing_packages("app")) == {"libegl1"}  # no window, no xcb needed
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    assert "python3-venv" in bootstrap.missing_packages("app")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="apt packages are Linux's")
@pytest.mark.parametrize(
    ("root", "sudo", "terminal", "answer", "runs"),
    [
        (True, None, False, "", "env DEBIAN_FRONTEND=noninteractive apt-get"),
        (False, True, False, "", "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"),
        (False, False, False, "", ""),
        (False, False, True, "", "sudo env DEBIAN_FRONTEND=noninteractive apt-get"),
        (False, False, True, "n", ""),
        (False, None, True, "y", ""),  # no sudo at all
    ],
)
def test_missing_system_packages_are_installed_where_that_is_allowed(
    bootstrap, monkeypatch, root, sudo, terminal, answer, runs
):
    missing, asked, ran = {"libegl1": "libEGL.so.1"}, [], []

    def run(command, **_):
        ran.append(" ".join(command))
        if "install" in command:
            missing.clear()
        code = 1 if command[-1] == "true" and not sudo else 0
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(bootstrap, "missing_packages", lambda command: dict(missing))
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0 if root else 1000)
    has = {"apt-get"} if sudo is None else {"apt-get", "sudo"}
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name in has else None)
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    for stream in (bootstrap.sys.stdin, bootstrap.sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    if runs:
        bootstrap.check_system("app", allowed=True)
        installs = [command for command in ran if "install" in command]
        assert len(installs) == 1
        assert installs[0].startswith(runs)
        assert installs[0].endswith("libegl1")
    else:
        with pytest.raises(bootstrap.BootstrapError, match="install -y libegl1"):
            bootstrap.check_system("app", allowed=True)
    assert len(asked) == (terminal and not root and sudo is not None)
    missing["libegl1"] = "libEGL.so.1"
    with pytest.raises(bootstrap.BootstrapError, match="install -y libegl1"):
        bootstrap.check_system("app", allowed=False)  # --no-system


def test_stamp_covers_what_was_installed(bootstrap, tmp_path):
    stamp = tmp_path / "stamp.json"
    everything = bootstrap.fingerprint(["dev", "cuda"])
    assert not bootstrap.covers(stamp, everything)
    bootstrap.write_atomically(stamp, bootstrap.json.dumps(everything))
    assert bootstrap.covers(stamp, bootstrap.fingerprint([]))
    assert bootstrap.covers(stamp, bootstrap.fingerprint(["dev"]))
    assert not bootstrap.covers(stamp, bootstrap.fingerprint(["train"]))
    stamp.write_text('{"project": "old"}')
    assert not bootstrap.covers(stamp, bootstrap.fingerprint([]))
    stamp.write_text("{half a")
    assert not bootstrap.covers(stamp, bootstrap.fingerprint([]))


def test_lock_is_exclusive_and_stale_locks_are_taken_over(bootstrap, tmp_path):
    lock = tmp_path / "x.lock"
    entered = threading.Event()

    def second():
        with bootstrap.exclusive(lock):
            entered.set()

    with bootstrap.exclusive(lock):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    assert entered.wait(5)
    thread.join()
    if os.name != "nt":
        finished = subprocess.Popen([sys.executable, "-c", ""])
        finished.wait()
        lock.write_text(str(finished.pid))
        with bootstrap.exclusive(lock):
            assert lock.read_text() != str(finished.pid)
    assert not lock.exists()


def test_torch_cpu_build_is_preferred_without_gpu(bootstrap, monkeypatch):
    calls = []
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "torch_installed", lambda python: False)
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(bootstrap, "configured_build_is_cpu", lambda python: False)
    monkeypatch.setattr(
        bootstrap, "pip_status", lambda python, *a: calls.append(a) or len(calls) % 2
    )
    monkeypatch.setattr(bootstrap, "pip", lambda python, *a: calls.append(a))
    bootstrap.install_torch(Path("python"), None)
    assert bootstrap.TORCH_CPU_INDEX in calls[0]  # tried first; not reachable here ...
    assert calls[1] == ("install", bootstrap.TORCH)  # ... so the default build
    calls.clear()
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: True)
    bootstrap.install_torch(Path("python"), None)
    assert calls == [("install", bootstrap.TORCH)]
    calls.clear()
    bootstrap.install_torch(Path("python"), "https://example.org/simple")
    assert calls == [("install", bootstrap.TORCH, "--index-url", "https://example.org/simple")]
    calls.clear()
    monkeypatch.setattr(bootstrap, "torch_installed", lambda python: True)
    bootstrap.install_torch(Path("python"), None)
    assert calls == []


def test_every_file_is_compared_with_its_hash(bootstrap, monkeypatch):
    calls = []
    monkeypatch.setattr(bootstrap, "torch_installed", lambda python: False)
    monkeypatch.setattr(bootstrap, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(bootstrap, "pip", lambda python, *a: calls.append(a))
    bootstrap.install_hashed(Path("python"), ["app", "dev"], None)
    packages, torch, checkout = calls
    for call, names in ((packages, ["app", "dev"]), (torch, ["torch"])):
        assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(call)
        lists = [Path(after) for before, after in itertools.pairwise(call) if before == "-r"]
        assert [file.stem for file in lists] == names
    assert {"--no-deps", "--no-build-isolation"} <= set(checkout)  # nothing is fetched


def test_the_hashed_packages_are_the_pinned_ones(bootstrap):
    """A version that is changed in constraints/ must be written there too (hash_packages.py)."""
    listed = {}
    for file in bootstrap.HASHED.glob("*.txt"):
        text = file.read_text(encoding="utf-8")
        for block in re.findall(r"^[a-z0-9].*(?:\n    .*)+", text, re.M):
            name, version = re.match(r"([a-z0-9-]+)(?:\[.*?\])?==(\S+)", block).groups()
            listed.setdefault(name, set()).add(version)
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    for extra in ("app", "dev", "train", "export", "cluster", "docs"):
        pins = (bootstrap.ROOT / "constraints" / f"{extra}.txt").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([\w-]+)==([^\s;]+)", pins, re.M):
            assert version in listed[name.lower()], f"{name}: run scripts/hash_packages.py"
    for package in (bootstrap.TORCH, bootstrap.ZIG):
        name, _, version = package.partition("==")
        assert listed[name] == {version}


@pytest.mark.parametrize("can_build", [True, False])
def test_a_compiler_is_fetched_only_where_there_is_none(bootstrap, monkeypatch, can_build):
    builds, fetched = [], []

    def run(command, env=None, **_):
        if "--check" in command:
            return subprocess.CompletedProcess(command, 0 if can_build else 3)
        folder = Path(env.get("PYTHONPATH", "").split(os.pathsep)[0])
        builds.append((folder / "ziglang").exists())
        return subprocess.CompletedProcess(command, 0)

    def fetch(python, *arguments):
        folder = Path(arguments[arguments.index("--target") + 1])
        (folder / "ziglang").mkdir()
        fetched.append(folder)
        return 0

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap, "pip_status", fetch)
    bootstrap.build_kernels(Path(sys.executable))
    assert builds == [not can_build]
    assert len(fetched) == (0 if can_build else 1)
    assert not any(folder.exists() for folder in fetched)
