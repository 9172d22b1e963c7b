"""Pictures for the demo: documents and constancias that say what they are."""

import io

from PIL import Image, ImageDraw


def picture(title: str, detail: str) -> bytes:
    """A PNG with two lines of text."""
    image = Image.new("RGB", (480, 300), "#e8e2d0")
    ImageDraw.Draw(image).text((24, 24), f"{title}\n{detail}", fill="#3c3420", font_size=24)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
