"""Marks of newsrooms in titles."""

import pytest

from aggregator.sources.marks import find_marks


@pytest.mark.parametrize(
    ("title", "marks"),
    [
        ("(LD) N. Korea sends workers", ("(LD)",)),
        ("(2nd LD) N. Korea sends workers", ("(2nd LD)",)),
        ("(4th LD) (URGENT) N. Korea", ("(4th LD)", "(URGENT)")),
        ("(URGENT) S. Korea", ("(URGENT)",)),
        ("(LEAD) S. Korea", ("(LEAD)",)),
        ("(Yonhap Interview) A defector", ("(Yonhap Interview)",)),
        ("[단독] 북한 노동자 파견", ("[단독]",)),
        ("(속보) 북한", ("(속보)",)),
        ("[속보]북한, [2보] 러시아", ("[속보]", "[2보]")),
        ("북한 노동자 송환(종합2보)", ("(종합2보)",)),
        ("北노동자 송환(종합)", ("(종합)",)),
        ("【速報】北朝鮮", ("【速報】",)),
        ("快讯：朝鲜", ("快讯：",)),
        ("（詳訊）朝鮮勞工", ("（詳訊）",)),
        ("СРОЧНО: рабочие из КНДР", ("СРОЧНО:",)),
        ("Toxic metal (lead) found", ()),
        ("N. Korea (DPRK) and Russia", ()),
        ("단독 보도가 아니다 (단독주택)", ()),
        ("(LD", ()),
        ("", ()),
    ],
)
def test_marks_are_given_as_they_stand(title: str, marks: tuple[str, ...]) -> None:
    assert find_marks(title) == marks


def test_marks_of_a_long_title_take_no_time() -> None:
    assert find_marks("(" * 1_000 + "[1st " * 1_000) == ()
