"""Recognise pages that are not the article: paywalls, consent walls, challenges of a guard, teasers, pages without any article.

What is recognised is named, and its text is kept only where it is the start of the article (a teaser, the lines before a paywall).
"""

import re
from html import unescape

from aggregator.core.teasers import is_teaser

CHALLENGE, CONSENT, PAYWALL, TEASER, NO_ARTICLE = "challenge", "consent", "paywall", "teaser", "no_article"
_SHORT = 1_500
_LONGEST_LIST = 20_000
_LINK = re.compile(r"<a\b[^>]{0,500}>([^<]{0,300})</a", re.IGNORECASE)
_CARD = re.compile(r"<h[2-4]\b[^>]{0,300}>\s{0,40}<a\b[^>]{0,500}>[^<]{10,300}</a>\s{0,40}</h[2-4]>", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<(?:p|div)\b[^>]{0,300}>((?:[^<]|</?(?:b|i|em|strong|span)\b[^>]{0,100}>){20,900})</(?:p|div)>", re.IGNORECASE)
_MARK = re.compile(r"<[^>]{0,300}>")
_FEWEST_CARDS, _LONGEST_TEASER = 6, 500
_FEWEST_LETTERS = 140
_GUARD = re.compile(
    r"just a moment\.\.\.|cf-browser-verification|cf_chl_opt|attention required! \| cloudflare"
    r"|request unsuccessful\. incapsula|pardon our interruption",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"just a moment\.\.\.|checking (?:if the site connection is secure|your browser)|enable javascript and cookies to continue"
    r"|cf-browser-verification"
    r"|cf_chl_opt|attention required! \| cloudflare|verify(?:ing)? (?:that )?you are (?:a )?human|ddos protection by|access denied"
    r"|request unsuccessful\. incapsula"
    r"|pardon our interruption|are you a robot|로봇이 아닙니다|请完成安全验证|проверка браузера|security check to (?:access|continue)"
    r"|using a security service to protect|cloudflare ray id|(?:enable|requires?) javascript"
    r"|javascript is (?:disabled|required|not enabled)"
    r"|(?:h-captcha|g-recaptcha|smartcaptcha)|403 forbidden|unusual traffic from your|보안문자|자동입력 ?방지"
    r"|비정상적인 접근|자바스크립트를 활성화"
    r"|输入验证码|輸入驗證碼|访问过于频繁|訪問過於頻繁|启用javascript|滑动验证|ロボットではない|画像認証|javascriptを有効"
    r"|запросы отправляли вы|не робот|включите javascript|введите символы с картинки",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue to|we value your privacy|we and our (?:\d+ )?(?:partners|vendors)|accept (?:all )?cookies|cookie consent"
    r"|manage (?:your )?(?:consent|cookie)"
    r"|your privacy choices|your privacy is important|(?:we|this (?:web)?site) uses? cookies|wir und unsere partner"
    r"|nous (?:et nos partenaires|utilisons)"
    r"|(?:мы|сайт) использу(?:ем|ет) (?:файлы )?cookie|쿠키(?: ?\(cookie\))?(?:를|을)? ?(?:사용|설정)(?:에 동의"
    r"|합니다)|(?:クッキー|cookie)(?:を|の)使用"
    r"|(?:本网站|本網站|我们|我們)使用 ?cookie",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"""["']isAccessibleForFree["']\s*:\s*["']?(?:false|False)|(?:class|id)=["'][^"']{0,80}\b(?:paywall|piano-?offer|subscriber-only|premium-wall)\b"""
)
_PAYWALL_WORDS = re.compile(
    r"(?:subscribe|sign in|log in|register|become a member) to (?:continue|read|unlock|access|keep)|this (?:article|content"
    r"|story) is (?:only )?(?:for|available to|reserved for)"
    r" (?:our )?(?:subscribers|members|premium)|already a (?:subscriber|member)\?|to continue reading|unlock this article"
    r"|유료 ?(?:회원|구독|기사)|로그인 후 (?:이용|열람)|이어서 읽으|この記事は有料|有料会員(?:限定|登録|向け|専用"
    r"|の方|になる|プラン|記事)|続きを読むには|会員限定|订阅后(?:阅读"
    r"|继续)|付费(?:阅读|内容)|登录后(?:阅读|查看)"
    r"|(?:оформите|по) подписк\w{1,3}(?:,? чтобы| для)|(?:limit of|out of|last|remaining) (?:\w+ )?free (?:articles?|stories|reads)"
    r"|read \d+ of \d+ free|subscriber[- ](?:only|exclusive)|(?:for|to) (?:our )?(?:paying )?(?:subscribers"
    r"|members) only|exclusively for (?:subscribers|members)"
    r"|(?:rest|remainder) of this (?:article|story|post)|read the (?:full|whole|rest|entire)[^.]{0,30}(?:subscribe|sign in|log in|trial)"
    r"|(?:subscribe|sign up|log in|sign in|register)[^.]{0,40}(?:unlimited|full) (?:digital )?access|(?:start|begin) your (?:free )?trial"
    r"|get unlimited access|(?:구독|로그인|가입|결제)[^.]{0,12}(?:전문|전체 ?기사|기사 ?전문)을? ?(?:볼|보실|읽"
    r"|이용)|전문은 [^.]{0,20}(?:구독|회원|유료)|(?:회원|구독자) ?전용"
    r"|本文(?:为|為)(?:付费|付費|会员|會員)|(?:订阅|訂閱|登录|登錄|登入|加入)[^。]{0,12}(?:全文|繼續閱讀|继续阅读|無限|无限)|(?:会员|會員|订户|訂戶)(?:专享|專享|专属|專屬|可阅读|可閱讀)"
    r"|(?:付费|付費|试读|試讀)(?:结束|結束|部分|文章)|残り ?[\d,]+ ?文字|(?:ログイン|登録|購読)(?:する|いただく"
    r"|して)?と?[^。]{0,14}(?:続き|全文)|会員登録(?:が必要|すると)"
    r"|(?:доступ\w*|открыт\w*|материал|текст) (?:только )?(?:для )?(?:подписчик|по подписке)|(?:полный|полностью)[^.]{0,40}подпис",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"\b40[14]\b|\b451\b|page (?:you(?:'|’)?(?:re| are) looking for|(?:was |could )?not (?:be )?found"
    r"|cannot be found|does not exist|has been moved)"
    r"|(?:article|story|content|page) (?:is|was) no longer available|(?:article|story|page) (?:has been|was) (?:removed|deleted)"
    r"|domain (?:is|may be|name is) (?:for sale|parked)|buy this domain|domain has expired|domain parking"
    r"|related searches:|forgot(?:ten)? (?:your )?password"
    r"|(?:undergoing|scheduled|down for) maintenance|be back (?:shortly|soon)|unavailable (?:for"
    r"|due to) legal reasons|european economic area"
    r"|internal server error|service unavailable|bad gateway|something went wrong"
    r"|페이지를 찾을 수 없|요청하신 페이지|존재하지 않(?:는|습)|삭제(?:되었거나|된 (?:기사|게시물|페이지))"
    r"|(?:페이지|게시물|기사|문서)(?:의|가|는|를)?[^.。\n]{0,30}(?:주소가 (?:잘못|변경)"
    r"|변경 혹은 삭제|변경되었거나 삭제|사용하실 수 없|없거나)"
    r"|비밀번호를? (?:찾기|잊으)|(?:시스템|서비스) 점검"
    r"|(?:页面|頁面|网页|網頁|文章|内容|內容|链接|鏈接|連結)(?:并|並)?(?:不存在|已被?删除|已被?刪除|已下架)|找不到(?:该|該|您|此)?[^。]{0,8}(?:页面|頁面)|忘记密码|忘記密碼|(?:系统|系統|网站|網站)(?:维护|維護)"
    r"|ページ(?:は|が)(?:見つかりません|存在しません|移動または削除)|お探しのページ|記事は(?:削除|公開を終了|掲載を終了)|パスワードをお忘れ|メンテナンス中"
    r"|страница не найдена|страниц\w+ (?:не существует|удалена)|забыли пароль|технические работы|домен (?:продается"
    r"|продаётся)|купить домен",
    re.IGNORECASE,
)
"""What pages say that are no article: missing, parked, closed for repair, or a form to sign in."""
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_LONGEST_NOTICE, _LONGEST_OFFER, _HEAD_OF_PAGE, _BARE = 700, 260, 240, 400
_EAST = re.compile(r"[가-힣぀-ヿ一-鿿]")


def shortcoming(html: str, text: str) -> str | None:
    """Say why a page's text is not the whole article, or give None; `html` is the page, `text` what was extracted."""
    short = _weight(text) < _SHORT
    wall = _wall(html, text) if short else None
    if wall:
        return wall
    if _is_list_of_links(html, text) or _is_list_of_cards(html, text):
        return NO_ARTICLE
    if is_teaser(text):
        return TEASER
    return NO_ARTICLE if len(re.findall(r"\w", text)) < _FEWEST_LETTERS and not _is_cjk_article(text) else None


def _wall(html: str, text: str) -> str | None:
    """Name what a short text is instead of an article: a challenge, a question for consent, a notice, the lines before a paywall."""
    reads_on = _reads_on(text)
    bare = _weight(text) < _BARE  # the scripts of many a real page name captchas too
    if not reads_on and (_GUARD.search(html[:30_000]) or _CHALLENGE.search(html[:30_000] if bare else text[:_HEAD_OF_PAGE])):
        return CHALLENGE
    if not reads_on and _CONSENT.search(text[:_HEAD_OF_PAGE] or html[:60_000]):
        return CONSENT
    if _offers(text) or (_PAYWALL.search(html[:400_000]) and _PAYWALL_WORDS.search(html)):
        return PAYWALL
    title = _TITLE.search(html[:30_000])
    head = f"{title[1] if title else ''}\n{text[:_HEAD_OF_PAGE]}"
    return NO_ARTICLE if not reads_on and _weight(text) < _LONGEST_NOTICE and _GONE.search(head) else None


def _offers(text: str) -> bool:
    """Tell whether one of the last lines offers the rest for sale; a paragraph that only speaks of such offers is longer."""
    lines = [line for line in text.splitlines() if line.strip()]
    return any(len(line) <= _LONGEST_OFFER and _PAYWALL_WORDS.search(line) for line in lines[-3:])


def _weight(text: str) -> int:
    """Give a text's length, a Chinese, Japanese or Korean character counting twice."""
    return len(text) + len(_EAST.findall(text))


def _is_list_of_links(html: str, text: str) -> bool:
    """Tell whether nearly all of a page's text is what its links say."""
    linked = sum(len(label) for label in map(str.strip, _LINK.findall(html[:400_000])) if label and label in text)
    return bool(text) and len(text) < _LONGEST_LIST and 10 * linked > 8 * len(text)


def _reads_on(text: str) -> bool:
    """Tell whether a text has paragraphs of running sentences, as no wall has."""
    return sum(_weight(line) > 110 for line in text.splitlines()) >= 3


def _is_list_of_cards(html: str, text: str) -> bool:
    """Tell whether most of a page's text is teasers, each behind a linked headline of its own."""
    if len(text) > _LONGEST_LIST:
        return False
    pieces = _CARD.split(html[:400_000])[1:]
    teasers = [teaser for piece in pieces if (teaser := _first_paragraph(piece)) and len(teaser) <= _LONGEST_TEASER and teaser in text]
    return len(teasers) >= _FEWEST_CARDS and 10 * sum(map(len, teasers)) > 6 * len(text)


def _first_paragraph(markup: str) -> str:
    found = _PARAGRAPH.search(markup[:3_000])
    return " ".join(unescape(_MARK.sub("", found[1])).split()) if found else ""


def _is_cjk_article(text: str) -> bool:
    return len(re.findall(r"[가-힣぀-ヿ一-鿿]", text)) >= _FEWEST_LETTERS / 2
