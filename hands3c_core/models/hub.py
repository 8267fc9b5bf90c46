"""Weights by a name on the Hugging Face hub, or by their folder.

    hf://USER/REPOSITORY[@REVISION][/FILE]

Nothing is fetched unless a user names it so. Files go to the hub's own cache, so that they are
fetched once; what comes is as untrusted as any other file. ``HF_ENDPOINT`` names another server.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from hands3c_core.errors import UserError

#: What weights are called where a folder or a repository holds several files.
_USUAL: Final = ("weights", "model", "hands3c_lite", "hands3c")
#: ``Path`` makes one slash of two.
_HUB: Final = re.compile(
    r"^hf:/{1,2}(?P<repo>[\w.-]+/[\w.-]+)(@(?P<rev>[\w.-]+))?(/(?P<file>.+))?$"
)


def names_hub(weights: str | os.PathLike[str]) -> bool:
    """Whether this names a place on the hub."""
    return str(weights).startswith("hf:/")


def local_weights(weights: str | os.PathLike[str]) -> Path:
    """The file of weights on this machine: fetched from the hub, found in a folder, or as it is.

    Raises:
        UserError: the name is no place on the hub, it cannot be fetched, the extra is not
            installed, or a folder holds no weights or several.
    """
    if names_hub(weights):
        return _fetched(str(weights))
    path = Path(weights)
    if not path.is_dir():
        return path
    files = {file.name: file for file in path.glob("*.safetensors")}
    name = _chosen(list(files), f"{path}")
    return files[name]


def _fetched(text: str) -> Path:
    text = "hf://" + text.split(":", 1)[1].lstrip("/")
    match = _HUB.match(text)
    if match is None:
        raise UserError(f"{text} is no place on the hub: write hf://USER/REPOSITORY[/FILE].")
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise UserError(
            f"{text} needs huggingface_hub: pip install 'hands3c-live[hub]', or give a file."
        ) from None
    repo, revision, file = match["repo"], match["rev"], match["file"]
    hub = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        if file is None:
            names = [n for n in hub.list_repo_files(repo, revision=revision) if "/" not in n]
            file = _chosen([n for n in names if n.endswith(".safetensors")], text)
        return Path(hub.hf_hub_download(repo, file, revision=revision))
    except UserError:
        raise
    except Exception as error:  # its own, and those of whatever client it asks with
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{text} cannot be fetched: {first[:200]}") from None


def _chosen(names: list[str], place: str) -> str:
    """The weights among the files of a place."""
    if len(names) == 1:
        return names[0]
    if not names:
        raise UserError(f"{place} holds no .safetensors file; name the file of the weights.")
    for usual in _USUAL:
        if f"{usual}.safetensors" in names:
            return f"{usual}.safetensors"
    listed = ", ".join(sorted(names)[:5])
    raise UserError(f"{place} holds several weights ({listed}): name one.")
