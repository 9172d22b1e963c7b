"""Demo data of a new local house, in the two parts that `qoricash up` runs.

`people` goes into the database before the API answers; `operations` goes through the API, as clients and staff would.
Both may be run again: what is there already stays (people get new passwords), the rest is made.
"""

import argparse
import asyncio
import json
from pathlib import Path

import demo_operations
import demo_records
from stack import write_private


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("people", "operations"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--api", required=True)
    options = parser.parse_args()
    file = options.data / "demo.json"
    if options.part == "people":
        known = asyncio.run(demo_records.make())
    else:
        known = json.loads(file.read_text())
        known["operations"] = demo_operations.make(options.api, known)
    write_private(file, json.dumps(known, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
