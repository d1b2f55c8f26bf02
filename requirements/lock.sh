#!/bin/sh
# Write the lock files anew (requirements/*.txt). No registry's address gets into them.
set -eu
uv=$(command -v uv || echo "$PWD/.uv/bin/uv")
cd requirements
options="--python-platform linux --generate-hashes --no-header --no-annotate -q ${*:-}"
"$uv" pip compile --python-version 3.10 $options --override overrides.txt engine.in -o py310.txt
"$uv" pip compile --python-version 3.10 $options --override overrides.txt -c py310.txt engine.in dev.in -o py310-dev.txt
"$uv" pip compile --python-version 3.11 $options --override overrides-py311.txt base.in dev.in -o py311-dev.txt
"$uv" pip compile --python-version 3.9 $options uv.in -o uv.txt
