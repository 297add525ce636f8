import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.channels import FileChannel
from aggregator.errors import DeliveryError
from aggregator.models import Delivery
from tests.channels.samples import DELIVERY, DIGEST


def written(folder: Path, delivery: Delivery = DELIVERY) -> dict[str, bytes]:
    channel = FileChannel(folder)
    asyncio.run(channel.send(delivery, channel.render(DIGEST, delivery)))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_three_files_are_named_by_date_subscription_and_key(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path / "new" / "folder")
    message = channel.render(DIGEST, DELIVERY)
    receipt = asyncio.run(channel.send(DELIVERY, message))
    stem = "2026-11-21-labour-daily-labour-daily-41-97-5f0c"
    assert receipt.detail == str(tmp_path / "new" / "folder" / f"{stem}.eml")
    for suffix in (".eml", ".html", ".txt"):
        assert (tmp_path / "new" / "folder" / f"{stem}{suffix}").read_bytes() == message.parts[suffix]


def test_a_retry_writes_the_same_bytes_to_the_same_names(tmp_path: Path) -> None:
    once = written(tmp_path)
    assert written(tmp_path, replace(DELIVERY, attempts=3)) == once
    assert len(once) == 3


def test_another_delivery_gets_files_of_its_own(tmp_path: Path) -> None:
    written(tmp_path)
    assert len(written(tmp_path, replace(DELIVERY, key="another"))) == 6


@pytest.mark.parametrize("hostile", ["../../escape", "..\\..\\escape", "/etc/passwd", "a\x00b", "%2e%2e/x", "ü" * 300, "con.", "a/../../b"])
def test_p1_no_name_leaves_the_folder(tmp_path: Path, hostile: str) -> None:
    folder = tmp_path / "in" / "here"
    written(folder, replace(DELIVERY, subscription=hostile, key=hostile))
    assert len(list(folder.iterdir())) == 3
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(folder.iterdir())


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    names = written(tmp_path)
    blocked = next(name for name in names if name.endswith(".eml"))
    (tmp_path / blocked).unlink()
    (tmp_path / blocked).mkdir()
    with pytest.raises(DeliveryError, match="could not be written into"):
        asyncio.run(FileChannel(tmp_path).send(DELIVERY, FileChannel(tmp_path).render(DIGEST, DELIVERY)))
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_a_folder_that_is_a_file_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(DeliveryError, match="could not be written into") as caught:
        asyncio.run(FileChannel(tmp_path / "taken").send(DELIVERY, FileChannel(tmp_path).render(DIGEST, DELIVERY)))
    assert not caught.value.permanent


def test_only_the_owner_reads_the_files(tmp_path: Path) -> None:
    written(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
