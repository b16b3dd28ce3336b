"""Draws JPEG pictures into a folder and serves them on a free port of this machine, whose address it prints."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image, ImageDraw

# Name, width, height, colour. Both platforms take these shapes.
PICTURES = [
    ("morning.jpg", 1080, 1080, (226, 149, 96)),
    ("noon.jpg", 1200, 900, (92, 158, 173)),
    ("evening.jpg", 900, 1100, (94, 84, 142)),
]


def draw(path, width, height, colour):
    picture = Image.new("RGB", (width, height), colour)
    pen = ImageDraw.Draw(picture)
    for step in range(0, width, 60):
        pen.line([(step, 0), (width - step, height)], fill=tuple(255 - part for part in colour), width=3)
    picture.save(path, "JPEG", quality=88)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, *shape in PICTURES:
    draw(folder / name, *shape)
server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
print(f"pictures at http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
