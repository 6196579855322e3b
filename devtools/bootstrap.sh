#!/bin/sh
# Puts the pinned uv below .local/bootstrap with nothing but the Python 3 named by the first argument.
set -eu
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

python=$1
target=.local/bootstrap
wanted=requirements/bootstrap.txt

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
  echo "'$python' is not a Python 3.8 or later. Install one, or name another: make PYTHON=/path/to/python3" >&2
  exit 1
fi

echo "Installing uv"
rm -rf "$target"
# A virtual environment where the system's Python can make one (Debian packs that apart), else a plain folder.
if "$python" -m venv "$target" >/dev/null 2>&1; then
  "$target/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r "$wanted"
elif "$python" -m pip --version >/dev/null 2>&1; then
  rm -rf "$target"
  "$python" -m pip install --quiet --require-hashes --only-binary :all: -r "$wanted" --target "$target"
else
  rm -rf "$target"
  echo "'$python' has neither venv nor pip. Install one of them (Debian, Ubuntu: apt install python3-venv) and run make again." >&2
  exit 1
fi
