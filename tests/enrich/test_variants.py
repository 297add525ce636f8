"""Variants of what stands around articles: lines of the same kinds with other names and years, and walls of other makes.

Five languages."""

import pytest

from aggregator.enrich.cleaning import clean
from aggregator.enrich.pagerules import rules_for
from aggregator.enrich.pages import Served, read_page

BODY = [
    "The managers of the plant told the workers that their permits would not be renewed this season.",
    "They left in the night, and nobody has been told where they were taken.",
] * 3
CHROME = [
    ("https://www.dailynk.com/english/a", "North Korean workers walk along the Yalu River. / Photo: Daily NK"),
    ("https://www.dailynk.com/english/a", "*Translated by Jane Doe and edited by John Smith"),
    ("https://www.dailynk.com/a", "/사진=데일리NK"),
    ("https://www.dailynk.com/english/a", "Please send any comments or questions about this article to dailynkenglish@uni-media.net."),
    (
        "https://www.rfa.org/english/a",
        "Reported by Jieun Kim for RFA’s Korean Service. Translated by Leejin J. Chung. Written in English by Eugene Whong.",
    ),
    (
        "https://www.rfa.org/english/a",
        "Reporting by Hyemin Son for RFA Korean. Translated by Claire Shinyoung Oh Lee. Edited by Eugene Whong and Malcolm Foster.",
    ),
    ("https://www.rfa.org/korean/a", "서울에서 RFA 자유아시아방송 한도형입니다."),
    ("https://www.rfa.org/korean/a", "에디터 양성원, 웹팀 이경하"),
    ("https://cm.asiae.co.kr/en/article/2024070920252612345", "© The Asia Business Daily(www.asiae.co.kr). All rights reserved."),
    ("https://view.asiae.co.kr/article/1", "[아시아경제 김영희 기자] "),
    ("https://essanews.com/a", "Image source: © East News"),
    ("https://en.yna.co.kr/view/AEN20240709000100315", "(END)"),
    ("https://en.yna.co.kr/view/AEN1", "(Yonhap)"),
    ("https://www.yna.co.kr/view/AKR20240709", "송고시간2025-01-02 08:11"),
    ("https://www.yna.co.kr/view/AKR20240709", "제보는 카카오톡 okjebo"),
    ("https://www.yna.co.kr/view/AKR20240709", "[조선중앙통신=연합뉴스 자료사진. 재판매 및 DB 금지]"),
    ("https://www.yna.co.kr/view/AKR20240709", "js@yna.co.kr"),
    ("https://www.tongilnews.com/news/1", "이 기사를 공유합니다"),
    ("https://www.tongilnews.com/news/1", "다른기사 보기"),
    ("https://www.tongilnews.com/news/1", "기자명 이승현 기자"),
    ("https://www.38north.org/x", "The post A New Plant at Hunchun appeared first on 38 North."),
    ("https://kcnawatch.org/x", "(Juche 114.3.5.)"),
    ("https://www.voakorea.com/a/1", "VOA 뉴스 함지하입니다."),
    ("https://www.voakorea.com/a/1", "동영상"),
    (None, "Copyright © 2025 The Paper. All rights reserved."),
    (None, "ⓒ 한겨레신문사, 무단 전재 및 재배포 금지"),
    (None, "<Copyright ⓒ 뉴시스통신사. 무단전재-재배포 금지>"),
    (None, "（聯合ニュース）無断転載・複製を禁じます"),
    (None, "Фото: Пресс-служба губернатора / ТАСС"),
    (None, "(责任编辑：王伟)"),
    (None, "【編集 佐藤】"),
    (None, "（图源：路透社）"),
    (None, "写真はイメージです（共同）"),
    (None, "Photo credit: AFP"),
    (None, "A worker waits at the border. (AP Photo/Ng Han Guan)"),
    (None, "[사진 출처 : 조선중앙통신]"),
    (None, "서울=김철수 특파원 cs@paper.kr"),
    (None, "Читайте также: КНДР отправит рабочих"),
    (None, "延伸閱讀"),
    (None, "▶ 관련기사 보기"),
    (None, "Related Stories"),
    (None, "Share on Facebook"),
    (None, "페이스북 공유하기"),
    (None, "기사 스크랩하기"),
    (None, "구독하기"),
    (None, "댓글 3"),
    (None, "Follow us on Telegram"),
    (None, "扫码关注微信公众号"),
    (None, "Story continues below advertisement"),
    (None, "5 min read"),
    (None, "Last updated: March 3, 2025, 10:12 a.m. EST"),
    (None, "2025年3月3日 10時12分"),
    (None, "来源：新华社"),
    (None, "Jump to comments"),
]
BODY_LINES = [
    "Daily NK: How much money do they keep?",
    "North Korean trade official: Nearly nothing.",
    "‘In the name of loyalty’",
    "The source said the photo: a group of workers at the gate, was taken in May and shows eleven people.",
    "Image is everything for the regime, the trader said.",
    "사진 속 노동자들은 모두 여성이었다고 소식통은 말했다.",
    "図書館の前で労働者が撮影した写真が残っている。",
    "He asked: where is our pay?",
    "Source: nobody knows.",
    "기자가 현장을 찾았을 때 공장은 비어 있었다.",
    "工人们说，照片是在五月拍的。",
    "Фото рабочих сделано в мае, говорит источник.",
    "Photos show the dormitory has grown.",
    "Copyright law does not protect them, the lawyer said, and no permit does either.",
    "“Close the gate,” the manager shouted.",
    "Top officials visited the site on Monday.",
    "[…] and then they took us back [in North Korea].",
    "Translated into wages, that means 300 yuan.",
    "Reported cases have doubled.",
    "Estimated 100,000 Workers Staying",
    "3월 5일 노동자들이 떠났다.",
    "2025年3月3日、労働者は去った。",
    "Share prices fell on Monday.",
    "Comment from the ministry was not available.",
    "The post office was closed.",
    "앵커 역할을 한 공장은 둥강에 있다.",
    "출처를 밝히지 않은 돈이 오갔다.",
    "진행자) 몇 명이나 됩니까?",
    "기자) 이백 명입니다.",
]


def cleaned(url: str | None, line: str, position: int) -> tuple[str, ...]:
    """Clean a page with the line put in; its body must come back whole."""
    lines = [*BODY[:position], line, *BODY[position:]]
    kept = clean(["Workers leave quietly", *lines], "Workers leave quietly", rules_for(url, "\n".join(lines))).lines
    assert set(BODY) <= set(kept)
    return kept


@pytest.mark.parametrize(("url", "line"), CHROME)
def test_a_line_of_the_same_kind_goes_whoever_it_names(url: str | None, line: str) -> None:
    assert line.strip() not in cleaned(url, line, len(BODY))


@pytest.mark.parametrize("line", BODY_LINES)
def test_a_line_of_the_body_stays_wherever_it_stands(line: str) -> None:
    assert all(line in cleaned(None, line, position) for position in (0, 3, len(BODY)))


SENTENCES = {
    "en": "The managers of the plant told the workers that their permits would not be renewed when the season "
    "ended in the town by the river.",
    "ko": "중국 단둥의 한 공장에서 일하던 북한 노동자들이 비자 만료를 앞두고 귀국 준비를 하고 있는 것으로 알려졌다고 현지 소식통이 전했다.",
    "zh": "据当地消息人士透露，在丹东一家工厂工作的朝鲜工人因签证即将到期，正在准备回国，工厂方面已经停止安排夜班。",
    "ja": "丹東の工場で働いていた北朝鮮の労働者がビザの期限切れを前に帰国の準備をしていることが、現地の消息筋の話で分かった。",
    "ru": "Северокорейские рабочие, занятые на фабрике в Даньдуне, готовятся к возвращению домой из-за истечения "
    "виз, рассказал местный источник.",
}
WALLS = [
    (
        "challenge",
        "en",
        "Just a moment...",
        "<div id='challenge-running'>Checking your browser before accessing the site. This process is automatic.</div><script "
        "src='/cdn-cgi/challenge-platform/x.js'></script>",
    ),
    (
        "challenge",
        "en",
        "Attention Required!",
        "<h1>Sorry, you have been blocked</h1><p>You are unable to access example.com. This website is using "
        "a security service to protect itself from online attacks. Cloudflare Ray ID: 8a1b</p>",
    ),
    ("challenge", "en", "Verification", "<p>Please complete the security check to access the site.</p><div class='h-captcha'></div>"),
    ("challenge", "ru", "Робот?", "<p>Подтвердите, что запросы отправляли вы, а не робот</p><div class='SmartCaptcha'></div>"),
    ("challenge", "zh", "验证", "<p>您的访问过于频繁，请输入验证码后继续访问本网站。</p>"),
    ("challenge", "ko", "접근 차단", "<p>비정상적인 접근이 감지되어 접속이 차단되었습니다. 보안문자를 입력해 주세요.</p>"),
    ("challenge", "ja", "確認", "<p>あなたがロボットではないことを確認してください。画像認証に表示された文字を入力してください。</p>"),
    ("challenge", "en", "Loading", "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div>"),
    (
        "challenge",
        "en",
        "Page",
        "<p>JavaScript is disabled in your browser. Please enable JavaScript to proceed. A required part of "
        "this site couldn’t load. This may be due to a browser extension, network issues, or browser settings.</p>",
    ),
    ("challenge", "en", "Error 403", "<h1>403 Forbidden</h1><p>nginx</p>"),
    (
        "consent",
        "en",
        "Privacy",
        "<div><h2>Your privacy is important to us</h2><p>We and our 842 partners store and access information "
        "on a device, such as cookies, and process personal data for personalised ads. You may accept or manage "
        "your choices.</p><button>Accept all</button><button>Reject all</button></div>",
    ),
    ("consent", "de", "Datenschutz", "<p>Wir und unsere Partner verarbeiten Daten mit Cookies. Alle akzeptieren und weiter.</p>"),
    (
        "consent",
        "ru",
        "Cookie",
        "<p>Наш сайт использует файлы cookie. Продолжая пользоваться сайтом, вы соглашаетесь на обработку "
        "персональных данных.</p><button>Принять</button>",
    ),
    (
        "consent",
        "ko",
        "쿠키",
        "<p>본 사이트는 이용자에게 더 나은 서비스를 제공하기 위해 쿠키를 사용합니다. 계속하려면 쿠키 사용에"
        " 동의해 주세요.</p><button>동의</button>",
    ),
    (
        "consent",
        "ja",
        "クッキー",
        "<p>当サイトではクッキーを使用しています。サイトの閲覧を続けるには、クッキーの使用に同意してくださ"
        "い。</p><button>同意する</button>",
    ),
    ("consent", "zh", "Cookie", "<p>本网站使用Cookie以改善您的体验。继续浏览即表示您同意我们使用Cookie。</p><button>同意</button>"),
    (
        "paywall",
        "en",
        "Workers leave",
        "<article>{lead}<p>You have reached your limit of free articles. Subscribe now for unlimited access.</p></article>",
    ),
    ("paywall", "en", "Workers leave", "<article>{lead}<p>This is a subscriber-only story. Please sign in or choose a plan.</p></article>"),
    ("paywall", "en", "Workers leave", "<article>{lead}<p>To read the full story, subscribe or log in.</p></article>"),
    (
        "paywall",
        "en",
        "Workers leave",
        "<article>{lead}<p>The rest of this article is for members only. Start your free trial.</p></article>",
    ),
    (
        "paywall",
        "en",
        "Workers leave",
        "<article>{lead}<p>You’ve read 3 of 3 free articles this month.</p><p>Get unlimited access for $1 a week.</p></article>",
    ),
    (
        "paywall",
        "ko",
        "노동자 귀국",
        "<article>{lead}<p>이 기사는 유료회원 전용 기사입니다. 구독하시면 전체 기사를 볼 수 있습니다.</p></article>",
    ),
    ("paywall", "ko", "노동자 귀국", "<article>{lead}<p>로그인하면 기사 전문을 보실 수 있습니다.</p></article>"),
    ("paywall", "zh", "劳工回国", "<article>{lead}<p>本文为付费内容，订阅会员可阅读全文。</p></article>"),
    ("paywall", "zh", "劳工回国", "<article>{lead}<p>登錄後繼續閱讀全文，成為會員享無限暢讀。</p></article>"),
    ("paywall", "ja", "労働者帰国", "<article>{lead}<p>この記事は会員限定です。ログインすると続きをお読みいただけます。</p></article>"),
    ("paywall", "ja", "労働者帰国", "<article>{lead}<p>残り 1,024 文字。有料プランに登録すると全文をお読みいただけます。</p></article>"),
    ("paywall", "ru", "Рабочие", "<article>{lead}<p>Чтобы прочитать материал полностью, оформите подписку.</p></article>"),
    ("paywall", "ru", "Рабочие", "<article>{lead}<p>Полный текст доступен только подписчикам.</p></article>"),
    (
        "no_article",
        "en",
        "Page not found",
        "<h1>404</h1><p>Sorry, the page you are looking for does not exist or has been moved. Try searching "
        "our archive or go back to the home page to find the story you want to read today.</p>",
    ),
    (
        "no_article",
        "ko",
        "페이지를 찾을 수 없습니다",
        "<h1>페이지를 찾을 수 없습니다</h1><p>요청하신 페이지가 삭제되었거나 주소가 변경되었을 수 있습니다"
        ". 입력하신 주소가 정확한지 다시 한번 확인해 주시기 바랍니다. 불편을 드려 죄송합니다. 홈으로 돌아가"
        "서 다른 기사를 찾아보시기 바랍니다.</p>",
    ),
    (
        "no_article",
        "zh",
        "404",
        "<p>抱歉，您访问的页面不存在或已被删除。系统将在5秒后自动跳转到首页，您也可以通过站内搜索查找您需要"
        "的新闻内容，或者返回上一页继续浏览其他的新闻和专题报道，感谢您的支持和理解，如有问题请联系客服。</p>",
    ),
    (
        "no_article",
        "ja",
        "404",
        "<p>お探しのページは見つかりませんでした。ページが移動または削除されたか、URLの入力間違いの可能性が"
        "あります。お手数ですがトップページから目的の記事をお探しください。掲載期間が終了した記事は公開を終"
        "了している場合があります。ご了承ください。</p>",
    ),
    (
        "no_article",
        "ru",
        "Ошибка 404",
        "<p>Страница не найдена. Возможно, она была удалена или перемещена, либо вы ошиблись при вводе адреса. "
        "Попробуйте вернуться на главную страницу или воспользуйтесь поиском по сайту, чтобы найти нужный материал.</p>",
    ),
    (
        "no_article",
        "en",
        "paper.example",
        "<h1>paper.example</h1><p>This domain is for sale! Buy this domain. The owner of paper.example is "
        "offering it for sale for an asking price of 2500 USD! This webpage was generated by the domain owner "
        "using Sedo Domain Parking. Disclaimer: Sedo maintains no relationship with third party advertisers.</p>",
    ),
    (
        "no_article",
        "en",
        "parked",
        "<p>This domain has expired. If you own this domain, contact your registration service provider for "
        "assistance. Related searches: Korea news, cheap flights, work visa, insurance quotes, credit cards, hotels.</p>",
    ),
    (
        "no_article",
        "en",
        "Sign in",
        "<form><h1>Log in</h1><p>Enter your email address and password to sign in to your account. Forgot "
        "your password? Do not have an account yet? Create one now. By signing in you agree to our terms of "
        "use and our privacy policy.</p></form>",
    ),
    (
        "no_article",
        "en",
        "Maintenance",
        "<p>We are currently undergoing scheduled maintenance and will be back shortly. Thank you for your "
        "patience. Please check back again in a few minutes, or follow our channels for updates on the status of the site.</p>",
    ),
    (
        "no_article",
        "en",
        "Article removed",
        "<p>This article is no longer available. It may have been removed by the publisher or its archive "
        "licence may have expired. Please contact our customer service team if you have questions about older articles.</p>",
    ),
    (
        "no_article",
        "en",
        "451",
        "<p>451: Unavailable due to legal reasons. We recognize you are attempting to access this website "
        "from a country belonging to the European Economic Area, including the EU, which enforces the General "
        "Data Protection Regulation, and therefore access cannot be granted at this time.</p>",
    ),
]


def page(language: str, title: str, body: str) -> Served:
    """Make a page; "{lead}" in its body stands for the first paragraphs of an article."""
    sentence = SENTENCES.get(language, SENTENCES["en"])
    lead = "".join(f"<p>{number}: {sentence}</p>" for number in ("One", "Two"))
    html = f"<!doctype html><html lang='{language}'><head><title>{title}</title></head><body>{body.replace('{lead}', lead)}</body></html>"
    return Served(body=html.encode(), url="https://paper.example/x")


@pytest.mark.parametrize(("kind", "language", "title", "body"), WALLS)
def test_a_wall_of_any_make_is_never_the_article(kind: str, language: str, title: str, body: str) -> None:
    read = read_page(page(language, title, body))
    assert read.partial == kind or ("{lead}" not in body and read.partial in ("challenge", "consent", "no_article"))
    assert ("{lead}" in body) == bool(read.text)


ARTICLES = [
    ("en", "", "<p>Subscribe to our newsletter.</p>"),
    (
        "en",
        "<p>The site said “access denied” when workers tried to log in to read their contracts, and the page "
        "was not found for days, he said.</p>",
        "",
    ),
    ("en", "<p>The court ruled that sites must ask before they accept cookies, and that banners are not enough.</p>", ""),
    ("ja", "", "<p>有料会員制サイトを運営していた男は否認している。</p>"),
    *((language, "", "") for language in SENTENCES),
]


@pytest.mark.parametrize(("language", "before", "behind"), ARTICLES)
def test_an_article_that_speaks_of_walls_is_whole(language: str, before: str, behind: str) -> None:
    paragraphs = "".join(f"<p>{number}: {SENTENCES[language]}</p>" for number in range(11, 19))
    read = read_page(page(language, "Workers leave", f"<article>{before}{paragraphs}{behind}</article>"))
    assert (read.partial, bool(read.text)) == (None, True)
