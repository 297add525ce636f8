import pytest

from aggregator.enrich.attribution import find_attribution
from aggregator.models import Article
from tests.enrich.facts import concepts, feed, run

CITED = [
    ("according to Yonhap", ["yonhap"]),
    ("according to a report by South Korea's Yonhap News Agency", ["yonhap"]),
    ("Yonhap reported", ["yonhap"]),
    ("Yonhap, citing analysts, adds that", ["yonhap"]),
    ("reported the South Korean agency Yonhap, citing anonymous sources", ["yonhap"]),
    ("claims an anonymous source from Yonhap", ["yonhap"]),
    ("According to a Yonhap source", ["yonhap"]),
    ("AFP reported, quoting Kyodo", ["afp", "kyodo"]),
    ("a trader told Daily NK by phone", ["daily-nk"]),
    ("state media KCNA said", ["kcna"]),
    ("연합뉴스에 따르면", ["yonhap"]),
    ("로이터통신은 9일 러시아 당국이 노동자를 돌려보냈다고 보도했다", ["reuters"]),
    ("소식통은 데일리NK에 이렇게 전했다", ["daily-nk"]),
    ("요미우리신문을 인용해", ["yomiuri"]),
    ("聯合ニュースによると", ["yonhap"]),
    ("共同通信は9日、中国当局がビザを認めなかったと報じた", ["kyodo"]),
    ("管理担当者がデイリーNKに話した", ["daily-nk"]),
    ("据韩联社报道", ["yonhap"]),
    ("韩联社9日称", ["yonhap"]),
    ("援引路透社的消息", ["reuters"]),
    ("《华尔街日报》说", ["wall-street-journal"]),
    ("со ссылкой на Рёнхап", ["yonhap"]),
    ("сообщает агентство Рёнхап", ["yonhap"]),
    ("по данным «Коммерсанта»", ["kommersant"]),
    ("ТАСС сообщил", ["tass"]),
]


@pytest.mark.parametrize(("text", "expected"), CITED)
def test_outlet_beside_a_word_of_citing_is_cited(text: str, expected: list[str]) -> None:
    assert concepts(find_attribution, text) == [f"outlet/{outlet}" for outlet in expected]


NOT_CITED = [
    "He subscribes to Yonhap",
    "Image: Daily NK",
    "[Image source=Yonhap News]",
    "(Photo: Yonhap)",
    "사진=연합뉴스",
    "연합뉴스 제공",
    "写真：聯合ニュース",
    "图片来源：新华社",
    "Images source: © Reuters | 2024",
    "김정은이 KBS 건물을",
    "an economist said that the guardian of the gate left",
    "",
]


@pytest.mark.parametrize("text", NOT_CITED)
def test_credits_and_bare_names_are_no_citations(text: str) -> None:
    assert concepts(find_attribution, text) == []


def test_outlet_naming_itself_is_no_citation() -> None:
    text = "A trader told Daily NK by phone. Yonhap reported it too."
    assert concepts(find_attribution, text, publisher="Daily NK") == ["outlet/yonhap"]
    searched = Article(title="", text=text, feed=feed(publisher="Google News"), outlet="데일리NK")
    assert [fact.concept for fact in run(find_attribution, searched).facts] == ["outlet/yonhap"]


CARRIED = [
    "SEOUL, July 9 (Yonhap) -- Workers left.",
    "(서울=연합뉴스) 노동자가 떠났다.",
    "Workers left.\n\n(Yonhap)",
]


@pytest.mark.parametrize("text", CARRIED)
def test_agency_of_another_house_in_dateline_or_signature_is_cited(text: str) -> None:
    assert concepts(find_attribution, text, publisher="Korea Herald") == ["outlet/yonhap"]
    assert concepts(find_attribution, text, publisher="Yonhap") == []


def test_headline_can_cite() -> None:
    one = Article(title="Workers return from China, Yonhap reports", text="", feed=feed())
    assert [(fact.field, fact.quote) for fact in run(find_attribution, one).facts] == [("title", "Yonhap")]
