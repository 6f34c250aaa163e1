"""Pictures of the page for the docs: the queue and the referee's questions, light and dark.

Made of the results of a recording, with labels of a script: what rises by 5, 4.5 and 4 sigma of the noise is
true for the first, the second and the third person.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "annotation" / "browser"))

from browsing import PATIENCE, Server, chromium, ready
from playwright.sync_api import Browser, Page

from neurocine.annotation.actions import Close, Edit
from neurocine.annotation.session import Session, shown_files
from neurocine.config import Config
from neurocine.io.results import collect
from neurocine.traces.transients import rises

PEOPLE = {"ana": 5.0, "bo": 4.5, "cy": 4.0}
CELLS, LAST = 12, 499
COMMAND = [sys.executable, "-c", "from neurocine.cli import main; main()"]


def label(results: Path, folder: Path) -> None:
    """Let three people label the first frames of some cells, and close their passes."""
    files = shown_files(results, Config().left_out)
    recording = collect(files, results.name)
    for by, sigma in PEOPLE.items():
        with Session(recording, files["rois"], folder, by) as session:
            for row in range(CELLS):
                marks = {f"f{a}-{b}": (a, b) for a, b in rises(recording.traces.f[row], sigma) if b <= LAST}
                edit = {"kind": "edit", "id": f"{by}{row}", "cell": int(recording.rois.ids[row])}
                kind = "interneuron" if row == 2 + len(by) else "pyramidal"
                seen = {"transients": marks, "looked": {"s": (0, LAST)}, "cell_type": kind}
                session.add([Edit.model_validate({**edit, **seen})])
            session.add([Close(kind="close", id=f"{by}c")])


def pictures(page: Page, out: Path, name: str) -> None:
    """Write what the page shows, light and dark."""
    for scheme, end in (("light", ""), ("dark", "_dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(1000)
        shot = Image.open(BytesIO(page.screenshot()))
        shot.convert("RGB").save(out / f"{name}{end}.webp", quality=80, method=6)


def show(server: Server, browser: Browser, keys: str, out: Path, name: str) -> None:
    """Open the page, press keys, and take the pictures."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE)
    try:
        page.goto(server.start())
        ready(page)
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(300)
            ready(page)
        page.wait_for_timeout(3000)  # movie and profiles
        pictures(page, out, name)
    finally:
        server.stop()


def main() -> None:
    """Write the pictures, and print what `neurocine consensus` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results of a recording, such as results/demo/mouse_v1")
    parser.add_argument("out", type=Path, help="folder, such as docs/images")
    chosen = parser.parse_args()
    results = chosen.results.resolve()
    with TemporaryDirectory() as temporary, chromium() as browser:
        folder = Path(temporary) / "annotations"
        label(results, folder)
        subprocess.run([*COMMAND, "consensus", str(results), "--in", str(folder)], check=True)
        dora = Server(results, "referee", "dora", "--in", str(folder))
        show(dora, browser, "tfdt", chosen.out, "annotate_referee")
        subprocess.run([*COMMAND, "queue", str(results), "--in", str(folder), "--minutes", "20"], check=True)
        show(Server(results, out=folder, by="eva"), browser, "tftd", chosen.out, "annotate_queue")


if __name__ == "__main__":
    main()
