"""Trains the assistant when what it is trained from changed, and only then."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from qinwen.errors import QinwenError

_INPUTS = (
    "config.yml",
    "domain.yml",
    "data",
    "bot",
    "language",
    "knowledge_base/seeds/guides",
    "requirements/py310.txt",
)
_SHOWN = 4000
_SUFFIXES = {".yml", ".yaml", ".py", ".txt", ".json"}


class TrainingFailed(QinwenError):
    """`rasa train` failed; the message holds the end of what it said."""

    code = "training_failed"


def train_if_changed(root: Path) -> bool:
    """Train the model into `models/current.tar.gz`; False when the inputs are those of the model at hand.

    Raises:
        TrainingFailed: the training failed.
    """
    model, stamp = root / "models" / "current.tar.gz", root / "models" / "current.inputs"
    digest = digest_inputs(root)
    if model.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return False
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    command = [sys.executable, "-m", "rasa", "train", "--fixed-model-name", "current", "--out", "models", "--quiet"]
    # Its libraries' warnings are not for whoever starts Qinwen; what it says matters when it fails.
    trained = subprocess.run(  # noqa: S603
        command, cwd=root, env=environment, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if trained.returncode:
        raise TrainingFailed(f"训练没有成功，最后的输出是：\n{trained.stdout[-_SHOWN:]}")
    stamp.write_text(digest, encoding="utf-8")
    return True


def digest_inputs(root: Path) -> str:
    """Give a digest of everything that the model is trained from."""
    digest = hashlib.sha256(os.environ.get("QINWEN_ENCODER", "auto").encode())
    for path in _files(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        place = root / name
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        yield from (path for path in found if path.is_file() and path.suffix in _SUFFIXES)
