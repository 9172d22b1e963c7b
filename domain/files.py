"""Files that people send: which kinds the house takes, judged by their bytes and not by their name (F213)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Invalid

# One limit for every channel (F207, F213).
MAX_BYTES = 10 * 1024 * 1024


class FileKind(StrEnum):
    """The kinds that the house stores. `.jpeg` is JPG by another name."""

    PNG = "png"
    JPG = "jpg"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"

    @property
    def extension(self) -> str:
        """With its dot: `.jpg`."""
        return f".{self.value}"

    @property
    def content_type(self) -> str:
        """The media type to serve it with."""
        return _CONTENT_TYPES[self]


# What the file picker of a page may offer.
ACCEPTED_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".pdf")

_CONTENT_TYPES = {
    FileKind.PNG: "image/png",
    FileKind.JPG: "image/jpeg",
    FileKind.WEBP: "image/webp",
    FileKind.HEIC: "image/heic",
    FileKind.PDF: "application/pdf",
}


@dataclass(frozen=True, kw_only=True)
class _Signature:
    """`magic` at `offset`, and any of `brands` at `brand_offset` where the container is shared with other kinds."""

    kind: FileKind
    magic: bytes
    offset: int = 0
    brands: tuple[bytes, ...] = ()
    brand_offset: int = 0

    def fits(self, content: bytes) -> bool:
        end = self.offset + len(self.magic)
        if content[self.offset : end] != self.magic:
            return False
        return not self.brands or content.startswith(self.brands, self.brand_offset)


# A table of ours: puremagic 1.30 does not know HEIC files of the brand `mif1`, which some cameras write.
# ISO/IEC 23008-12 (brands of HEIF images in HEVC); iPhones write `heic`.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SIGNATURES = (
    _Signature(kind=FileKind.PNG, magic=b"\x89PNG\r\n\x1a\n"),
    _Signature(kind=FileKind.JPG, magic=b"\xff\xd8\xff"),
    _Signature(kind=FileKind.WEBP, magic=b"RIFF", brands=(b"WEBP",), brand_offset=8),
    _Signature(kind=FileKind.HEIC, magic=b"ftyp", offset=4, brands=_HEIC_BRANDS, brand_offset=8),
    _Signature(kind=FileKind.PDF, magic=b"%PDF-"),
)


def sniff(content: bytes, *, field: str = "file") -> FileKind:
    """The kind of the file by its first bytes. Raises Invalid when it is empty, too large or of another kind."""
    if not content:
        raise Invalid("FILE_EMPTY", "El archivo está vacío. Elige otro.", field=field)
    if len(content) > MAX_BYTES:
        raise Invalid("FILE_TOO_LARGE", "El archivo pasa de 10 MB. Envía uno más liviano.", field=field)
    for signature in _SIGNATURES:
        if signature.fits(content):
            return signature.kind
    raise Invalid("FILE_KIND", "Envía una imagen (PNG, JPG, WEBP o HEIC) o un PDF.", field=field)
