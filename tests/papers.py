"""What a PDF of the house says, read as a person would."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def text_of(pdf: bytes) -> str:
    """Its words line by line; a machine without poppler's pdftotext says so instead of passing."""
    found = shutil.which("pdftotext")
    if found is None:
        pytest.skip("no pdftotext on this machine: install poppler-utils")
    assert pdf.startswith(b"%PDF")
    return subprocess.run([found, "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
