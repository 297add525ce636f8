import pytest

from aggregator.enrich.decoding import decode
from aggregator.enrich.metadata import metadata_of
from aggregator.enrich.pagerules import checked, rules_for
from aggregator.enrich.pages import Served, read_page
from aggregator.enrich.partial import shortcoming
from aggregator.errors import ConfigurationError

SENTENCE = "The managers of the plant told the workers that their permits would not be renewed when the season ended in the town. "
PARAGRAPHS = "".join(f"<p>{SENTENCE * 2}Number {number} of them left.</p>" for number in range(6))


def page(body: str, head: str = "", url: str | None = "https://paper.example/story") -> Served:
    return Served(
        body=f"<html lang='en'><head><title>Workers leave the plant</title>{head}</head><body>{body}</body></html>".encode(), url=url
    )


def test_article_is_taken_and_menus_are_not() -> None:
    read = read_page(
        page(f"<nav><a href='/'>Home</a></nav><article><h1>Workers leave the plant</h1>{PARAGRAPHS}</article><footer>About us</footer>")
    )
    assert read.title == "Workers leave the plant"
    assert read.text.count("would not be renewed") == 12
    assert "About us" not in read.text
    assert read.partial is None


def test_metadata_goes_into_fields_with_its_zone() -> None:
    head = """<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Workers leave the plant",
    "author": [{"name": "Ana Ivanova"}, {"name": "Li Wei"}], "datePublished": "2024-07-10T09:30:00+09:00",
    "dateModified": "2024-07-10T10:00:00+09:00", "articleSection": "World"}</script>
    <link rel="canonical" href="https://paper.example/canonical">"""
    read = read_page(page(f"<article>{PARAGRAPHS}</article>", head, url=None))
    assert read.authors == ("Ana Ivanova", "Li Wei")
    assert (read.section, read.url, read.language) == ("World", "https://paper.example/canonical", "en")
    assert read.published_at is not None
    assert read.published_at.isoformat() == "2024-07-10T00:30:00+00:00"
    assert read.modified_at is not None
    assert read.modified_at.isoformat() == "2024-07-10T01:00:00+00:00"


LINES = [
    ("Skip to content", "skip_link"),
    ("본문 바로가기", "skip_link"),
    ("workers-2012.jpg Workers walk home in the town.", "caption"),
    ("A bridge seen from the town. [Image source=Yonhap News]", "caption"),
    ("[사진=연합뉴스]", "credit"),
    ("Images source: © Getty Images | 2024 Getty Images", "credit"),
    ("<저작권자(c) 연합뉴스, 무단 전재-재배포, AI 학습 및 활용 금지>", "copyright"),
    ("© 2024 The Paper. All rights reserved.", "copyright"),
    ("The post Workers leave appeared first on 38 North.", "wordpress_signature"),
    ("제보는 카카오톡 okjebo", "contact"),
    ("(END)", "sign_off"),
    ("-0-", "sign_off"),
    ("Related content", "related"),
    ("*Translated by Yongmin Lee", "byline"),
    ("송고시간2024-07-09 10:00", "date"),
]


@pytest.mark.parametrize(("line", "reason"), LINES)
def test_page_chrome_is_removed_with_its_reason(line: str, reason: str) -> None:
    text = f"Workers leave the plant\n\n{SENTENCE}\n\n{line}\n\n{SENTENCE}So it ends here today."
    read = read_page(Served(body=text.encode()))
    assert [(removed.text, removed.reason) for removed in read.removed] == [(line, reason)] or "related" in {
        one.reason for one in read.removed
    }
    assert line not in read.text.split("\n\n")
    assert read.text.startswith(SENTENCE.strip())


def test_interview_turns_and_sub_headings_stay() -> None:
    lines = ["Daily NK: How is it there?", "North Korean official: It is hard.", "‘In the name of loyalty’", "Daily NK reported it before."]
    read = read_page(Served(body="\n\n".join(["An interview", *lines, SENTENCE]).encode()))
    assert read.text.split("\n\n")[:4] == lines


def test_first_sentence_like_the_headline_stays() -> None:
    title = "China demands the return of all workers"
    body = "China demands the return of all workers, an agency said."
    read = read_page(Served(body=f"News{title}\n{title}\n{body}\n{SENTENCE}".encode()))
    assert read.title == title
    assert read.text.startswith(body)
    assert [removed.reason for removed in read.removed] == ["doubled_headline", "doubled_headline"]


def test_caption_told_twice_goes_with_its_credit() -> None:
    caption = "Workers at the customs office in the town"
    read = read_page(Served(body=f"A headline\n{caption}\n{caption}. Image: Daily NK\n{SENTENCE}".encode()))
    assert [removed.text for removed in read.removed] == [caption, f"{caption}. Image: Daily NK"]


def test_dateline_is_cut_or_kept_as_asked() -> None:
    body = f"A headline\nSEOUL, July 9 (Yonhap) -- {SENTENCE}".encode()
    assert read_page(Served(body=body)).text == SENTENCE.strip()
    assert read_page(Served(body=body), keep_datelines=True).text.startswith("SEOUL, July 9")


WALLS = [
    ("<title>Just a moment...</title><p>Checking your browser before accessing the site.</p>", "challenge"),
    ("<p>Before you continue to the site we value your privacy. Accept all cookies.</p>", "consent"),
    (f"<article><p>{SENTENCE}</p><p>Subscribe to continue reading</p></article>", "paywall"),
    (
        f"<article><p>{SENTENCE * 2}</p><p>The officials of the three provinces have since been told to…</p></article>",
        "teaser",
    ),
    ("<nav><a href='/a'>A</a> <a href='/b'>B</a></nav>", "no_article"),
]


@pytest.mark.parametrize(("body", "reason"), WALLS)
def test_walls_and_teasers_are_flagged_and_never_the_article(body: str, reason: str) -> None:
    read = read_page(page(body))
    assert read.partial == reason
    assert reason not in ("challenge", "consent", "no_article") or read.text == ""


def test_whole_article_has_no_shortcoming() -> None:
    assert shortcoming("", SENTENCE * 20 + "It ended.") is None


ENCODED = [
    ("북한 노동자가 돌아갔다", "cp949", "text/html; charset=euc-kr"),
    ("北朝鮮の労働者が帰国した", "shift_jis", "text/html; charset=Shift_JIS"),
    ("朝鲜工人回国了", "gb18030", "text/html; charset=gb2312"),
    ("Рабочие вернулись домой", "windows-1251", "text/html; charset=windows-1251"),
    ("북한 노동자가 돌아갔다", "utf-8", "text/html; charset=iso-8859-1"),
    ("Рабочие вернулись домой из города", "windows-1251", "text/html; charset=utf-8"),
    ("북한 노동자들이 고향으로 돌아갔다고 한다", "cp949", ""),
]


@pytest.mark.parametrize(("text", "encoding", "header"), ENCODED)
def test_bytes_are_read_whatever_the_header_says(text: str, encoding: str, header: str) -> None:
    assert decode(text.encode(encoding), header) == text


def test_text_encoded_twice_is_turned_back() -> None:
    text = "북한 노동자들이 고향으로 돌아갔다"
    assert decode(text.encode().decode("latin-1").encode()) == text


@pytest.mark.parametrize("body", [b"", b"\x00" * 100, b"<html>", b"<div>" * 5000, b"<p>\xff\xfe\xfa</p>", b"<!doctype html><script>"])
def test_broken_pages_give_no_article_and_no_error(body: bytes) -> None:
    assert read_page(Served(body=body, url="https://paper.example/")).text == ""


def test_random_bytes_are_no_article() -> None:
    noise = bytes((number * number * 7 + number // 3) % 256 for number in range(1, 4000))
    read = read_page(Served(body=b"<html><body>" + noise, url=None))
    assert (read.text, read.partial) == ("", "no_article")


def test_a_list_of_links_is_no_article() -> None:
    links = "".join(f"<li><a href='/{number}'>Headline number {number} about North Korea and its workers</a></li>" for number in range(40))
    read = read_page(page(f"<ul>{links}</ul>"))
    assert (read.text, read.partial) == ("", "no_article")


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r"])
def test_cyrillic_declared_as_western_is_repaired(encoding: str) -> None:
    told = "Около трехсот северокорейских рабочих покинули завод во Владивостоке, сообщает агентство"
    body = f"<meta charset='iso-8859-1'><p>{told}</p>".encode(encoding)
    assert told in decode(body)


def test_western_text_with_accents_stays() -> None:
    told = "Les ouvriers nord-coréens ont été renvoyés à l'été dernier, à cause de la décision déjà annoncée. " * 5
    assert told in decode(f"<meta charset='iso-8859-1'><p>{told}</p>".encode("latin-1"))


EASTERN = [
    ("cp949", "euc-kr", "중국 당국이 북한 노동자 10만여 명을 모두 귀국시키라고 요구했다고 소식통이 9일 말했다. "),
    ("gb18030", "gb2312", "中国要求朝鲜召回全部劳工，约十万人。消息人士称，工厂的工人上个月已经回国。"),
    ("big5", "big5", "中國要求北韓召回全部勞工，約十萬人。消息人士稱，工廠的工人上個月已經回國。"),
    ("euc_jp", "euc-jp", "中国が北朝鮮に対し、労働者を帰国させるよう求めたことが9日、分かった。"),
    ("cp932", "shift_jis", "中国が北朝鮮に対し、労働者を帰国させるよう求めたことが9日、分かった。"),
]
LABELS = [
    ("text/html; charset=ISO-8859-1", True),
    ("text/html; charset=ISO-8859-1", False),
    ("text/html; charset=windows-1252", True),
    ("", False),
]


@pytest.mark.parametrize(("header", "sound"), LABELS)
@pytest.mark.parametrize(("encoding", "meta", "told"), EASTERN)
def test_western_label_yields_to_a_sound_one_and_to_what_the_bytes_are(
    encoding: str, meta: str, told: str, header: str, sound: bool
) -> None:
    body = f"<meta charset='{meta if sound else 'iso-8859-1'}'><p>{told * 4}</p>".encode(encoding)
    assert told in decode(body, header)


WESTERN = ["déjà à l'été, où ça a été décidé près de là, très tôt, même après", "Müller grüßt Jörg über die Straße, schöne Grüße für Änne"]


@pytest.mark.parametrize("told", WESTERN)
@pytest.mark.parametrize("times", [1, 40])
def test_western_text_is_never_taken_for_eastern(told: str, times: int) -> None:
    assert decode((told * times).encode("latin-1"), "text/html; charset=ISO-8859-1") == told * times


def test_linked_data_behind_an_unclosed_block_is_not_looked_for() -> None:
    found = metadata_of("<html><head><title>A page</title>" + "<script type=application/ld+json>{" * 12_000)
    assert (found.title, found.published) == ("A page", None)


def test_page_of_elements_beyond_number_is_no_article() -> None:
    assert read_page(Served(body=b"<p>a b c d e f</p>" * 60_000, url=None)).partial == "no_article"


NOTICES = [
    "방문하시려는 페이지의 주소가 잘못 입력되었거나, 변경 혹은 삭제되어 사용하실 수 없습니다. 입력하신 주소를 확인해 주십시오.",
    "抱歉，您访问的网页不存在或者已经被删除。请检查您输入的网址是否正确，或者返回首页继续浏览。",
    "К сожалению, запрашиваемая вами страница не найдена. Возможно, вы перешли по устаревшей ссылке.",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_notice_that_a_page_is_gone_is_no_article(notice: str) -> None:
    read = read_page(page(f"<h1>!</h1><p>{notice} {'다시 확인해 주시기 바랍니다. ' if '페이지' in notice else ''}</p>"))
    assert (read.partial, read.text) == ("no_article", "")


def test_list_of_cards_is_no_article() -> None:
    card = "<article><h2><a href='/{0}'>Plant number {0} sends its workers home</a></h2><p>{1}</p></article>"
    read = read_page(page("<main>" + "".join(card.format(number, f"Day {number}: {SENTENCE}") for number in range(14)) + "</main>"))
    assert (read.partial, read.text) == ("no_article", "")


def test_article_with_a_list_of_others_below_it_stays() -> None:
    cards = "".join(f"<h3><a href='/{number}'>Another story, number {number} of the day</a></h3>" for number in range(8))
    read = read_page(page(f"<article><h1>Workers leave the plant</h1>{PARAGRAPHS}</article><aside>{cards}</aside>"))
    assert read.partial is None
    assert read.text.count("would not be renewed") == 12


UNREAD = [
    (b'{"title": "Workers leave", "text": "' + b"North Korean workers left the plant. " * 40 + b'"}', "application/json"),
    (b"%PDF-1.4\n" + b"North Korean workers left the plant in the town. " * 40, "application/pdf"),
    (b"%PDF-1.4\n" + b"North Korean workers left the plant in the town. " * 40, "text/html"),
    (b"a,b\n" + b"North Korean workers, left the plant in the town\n" * 40, "text/csv"),
]


@pytest.mark.parametrize(("body", "kind"), UNREAD)
def test_what_is_no_page_is_not_read_as_one(body: bytes, kind: str) -> None:
    read = read_page(Served(body=body, content_type=kind))
    assert (read.partial, read.text, read.title) == ("no_article", "", "")


def test_rules_with_a_key_that_nobody_reads_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="remvoe"):
        checked("paper.yaml", {"hosts": ["paper.example"], "remvoe": []})
    with pytest.raises(ConfigurationError, match="remove 1"):
        checked("paper.yaml", {"remove": [{"reason": "chrome", "lien": "x"}]})


def test_text_that_cites_a_paper_is_not_taken_for_its_page() -> None:
    assert rules_for(None, "Daily NK reported it before.") == rules_for(None, "")
