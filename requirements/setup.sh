#!/bin/sh
# Make .venv (Python 3.10, everything) from the locked requirements, or .venv-py311 (all but the engine) with --py311.
# Needs only python3 with pip or venv, and a package registry. Run from the project's root by `make setup`.
set -eu

lock=requirements/py310-dev.txt venv=.venv wanted=3.10
if [ "${1:-}" = --py311 ]; then lock=requirements/py311-dev.txt venv=.venv-py311 wanted=3.11; fi

# The Makefile puts .venv/bin first: a new environment must not be made from the Python of the old one.
PATH=$(printf '%s' "$PATH" | sed "s#$PWD/\.venv/bin:##g")
export PATH

say() { printf '%s\n' "$*" >&2; }

# uv: the one on PATH, or our own pinned copy in .uv/.
if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=.uv/bin/uv
    if [ ! -x "$uv" ]; then
        say "正在安装 uv…"
        rm -rf .uv
        if python3 -m venv .uv >/dev/null 2>&1; then
            .uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
        elif python3 -m pip --version >/dev/null 2>&1; then
            python3 -m pip install -q --disable-pip-version-check --require-hashes --target .uv -r requirements/uv.txt
        else
            say "python3 没有 pip 也没有 venv:请先安装 python3-venv(如 apt-get install python3-venv),再运行一次。"
            exit 1
        fi
    fi
fi

# Python: $QINWEN_PYTHON, PATH, pyenv's versions (its shim may refuse), what uv knows, what uv can download.
works() { "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" >/dev/null 2>&1; }
found=
pyenv_root=${PYENV_ROOT:-$HOME/.pyenv}
for candidate in "${QINWEN_PYTHON:-}" "$(command -v "python$wanted" || true)" \
    "$pyenv_root"/versions/"$wanted".*/bin/python /usr/local/bin/python"$wanted" /opt/python*/bin/python"$wanted" \
    "$(command -v python3 || true)"; do
    if [ -n "$candidate" ] && works "$candidate"; then found=$candidate; break; fi
done
if [ -z "$found" ]; then found=$("$uv" python find "$wanted" 2>/dev/null || true); fi
if [ -z "$found" ] || ! works "$found"; then
    say "没有找到 Python $wanted,正在下载…"
    "$uv" python install -q "$wanted" >/dev/null 2>&1 || true
    found=$("$uv" python find --managed-python "$wanted" 2>/dev/null || true)
fi
if [ -z "$found" ] || ! works "$found"; then
    say "需要 Python $wanted:请安装它(例如 pyenv install $wanted),或设环境变量 QINWEN_PYTHON 指向它,再运行一次。"
    exit 1
fi

stamp=$venv/.lock
digest=$(cat "$lock" pyproject.toml | cksum)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$digest" ]; then exit 0; fi
say "正在安装依赖到 $venv(Python $wanted,首次约一到三分钟)…"
"$uv" venv -q --clear --python "$found" "$venv"
VIRTUAL_ENV=$PWD/$venv "$uv" pip sync -q --require-hashes "$lock"
if [ "$venv" = .venv ]; then
    VIRTUAL_ENV=$PWD/$venv "$uv" pip install -q --no-deps --no-build-isolation -e .
fi
printf '%s' "$digest" >"$stamp"
