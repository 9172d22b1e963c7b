"""Files are judged by their bytes."""

import struct
import zlib

import pytest

from domain.errors import Invalid
from domain.files import ACCEPTED_EXTENSIONS, MAX_BYTES, FileKind, sniff


def _png():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    image = zlib.compress(b"\x00\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", image) + chunk(b"IEND", b"")


SAMPLES = {
    "a 1x1 png": (_png(), FileKind.PNG),
    "a jfif jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", FileKind.JPG),
    "a camera's jpg": (b"\xff\xd8\xff\xe1\x00\x10Exif\x00", FileKind.JPG),
    "a bare jpg": (b"\xff\xd8\xff\xdb\x00\x43\x00", FileKind.JPG),
    "a webp": (b"RIFF\x1a\x00\x00\x00WEBPVP8L", FileKind.WEBP),
    "an iphone's heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", FileKind.HEIC),
    "a heic of brand mif1": (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", FileKind.HEIC),
    "a pdf": (b"%PDF-1.7\n%%EOF\n", FileKind.PDF),
}


@pytest.mark.parametrize(("content", "kind"), SAMPLES.values(), ids=SAMPLES.keys())
def test_each_accepted_kind_is_known_by_its_bytes(content, kind):
    """F213."""
    assert sniff(content) is kind


@pytest.mark.parametrize(
    "content",
    [
        b"<script>alert(1)</script>",
        b"<!DOCTYPE html><html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a\x01\x00\x01\x00",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"RIFF\x1a\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00",
        b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00",
        b" %PDF-1.7",
        b"\x89PNG",
        b"\xff\xd8",
    ],
)
def test_anything_else_is_refused_whatever_its_name(content):
    """F213."""
    with pytest.raises(Invalid) as refusal:
        sniff(content)
    assert refusal.value.code == "FILE_KIND"
    assert "PDF" in refusal.value.message


def test_ten_megabytes_are_taken_and_one_byte_more_is_not():
    """F207: the same limit everywhere, with a sentence that says it."""
    content = _png().ljust(MAX_BYTES, b"\x00")
    assert sniff(content) is FileKind.PNG
    with pytest.raises(Invalid, match="10 MB") as refusal:
        sniff(content + b"\x00")
    assert refusal.value.code == "FILE_TOO_LARGE"


def test_an_empty_file_is_refused():
    with pytest.raises(Invalid) as refusal:
        sniff(b"")
    assert refusal.value.code == "FILE_EMPTY"


def test_every_kind_has_its_extension_and_media_type():
    assert {kind.extension for kind in FileKind} < set(ACCEPTED_EXTENSIONS)
    assert [kind.content_type for kind in FileKind] == [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/heic",
        "application/pdf",
    ]
