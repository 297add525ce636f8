"""The list of what the container holds says all of it, in the form that scanners read."""

import json
import re
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.house.reading import ROOT, requirement_name, text_of


def test_the_list_is_valid_and_names_every_pin_with_its_hashes(tmp_path: Path) -> None:
    (words,) = re.findall(r"^\t\$\(BIN\)/cyclonedx-py (.+) -o sbom\.json$", text_of("Makefile"), re.MULTILINE)
    made = tmp_path / "sbom.json"
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *words.split(), "-o", str(made)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    text = made.read_text(encoding="utf-8")
    found = json.loads(text)
    assert JsonStrictValidator(SchemaVersion.from_version(found["specVersion"])).validate_str(text) is None
    hashed = {
        requirement_name(each["name"]) + "==" + each["version"]
        for each in found["components"]
        if any(reference.get("hashes") for reference in each.get("externalReferences", ()))
    }
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text_of("requirements-run.lock"), re.MULTILINE)
    assert hashed == {f"{requirement_name(name)}=={version}" for name, version in pins}
