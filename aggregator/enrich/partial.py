"""Recognise pages that are not the article: paywalls, consent walls, challenges of a guard, teasers, pages without any article.

What is recognised is named, and its text is kept only where it is the start of the article (a teaser, the lines before a paywall).
"""

import re

CHALLENGE, CONSENT, PAYWALL, TEASER, NO_ARTICLE = "challenge", "consent", "paywall", "teaser", "no_article"
_SHORT = 1_500
_LONGEST_LIST = 20_000
_LINK = re.compile(r"<a\b[^>]{0,500}>([^<]{0,300})</a", re.IGNORECASE)
_FEWEST_LETTERS = 140
_CHALLENGE = re.compile(
    r"just a moment\.\.\.|checking (?:if the site connection is secure|your browser)|enable javascript and cookies to continue"
    r"|cf-browser-verification"
    r"|cf_chl_opt|attention required! \| cloudflare|verify(?:ing)? (?:that )?you are (?:a )?human|ddos protection by|access denied"
    r"|request unsuccessful\. incapsula"
    r"|pardon our interruption|are you a robot|로봇이 아닙니다|请完成安全验证|проверка браузера",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue to|we value your privacy|we and our (?:\d+ )?(?:partners|vendors)|accept (?:all )?cookies|cookie consent"
    r"|manage (?:your )?(?:consent|cookie)"
    r"|your privacy choices|мы используем (?:файлы )?cookie|쿠키 (?:사용|설정)에 동의",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"""["']isAccessibleForFree["']\s*:\s*["']?(?:false|False)|(?:class|id)=["'][^"']{0,80}\b(?:paywall|piano-?offer|subscriber-only|premium-wall)\b"""
)
_PAYWALL_WORDS = re.compile(
    r"(?:subscribe|sign in|log in|register|become a member) to (?:continue|read|unlock|access|keep)|this (?:article|content"
    r"|story) is (?:only )?(?:for|available to|reserved for)"
    r" (?:our )?(?:subscribers|members|premium)|already a (?:subscriber|member)\?|to continue reading|unlock this article"
    r"|유료 ?(?:회원|구독|기사)|로그인 후 (?:이용|열람)|이어서 읽으|この記事は有料|有料会員|続きを読むには|会員限定|订阅后(?:阅读"
    r"|继续)|付费(?:阅读|内容)|登录后(?:阅读|查看)"
    r"|(?:оформите|по) подписк\w{1,3}(?:,? чтобы| для)",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"(?:\.\.\.|…|\[…\]|\[\.\.\.\]|\[&#8230;\]|(?:read|continue reading|read the full|더 ?보기|続きを読む|阅读全文|閱讀全文"
    r"|читать далее).{0,30})$",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?。！？…:;)\]」』”\"'’›»*—-]$|[다요]$|[A-Z]{2,}$|\d$")


def shortcoming(html: str, text: str) -> str | None:
    """Say why a page's text is not the whole article, or give None; `html` is the page, `text` what was extracted."""
    short = len(text) < _SHORT
    if short and _CHALLENGE.search(f"{html[:30_000]}\n{text}") and not _reads_on(text):
        return CHALLENGE
    if short and not _reads_on(text) and _CONSENT.search(text or html[:60_000]):
        return CONSENT
    if short and (_PAYWALL_WORDS.search(text[-600:]) or (_PAYWALL.search(html[:400_000]) and _PAYWALL_WORDS.search(html))):
        return PAYWALL
    if _is_list_of_links(html, text):
        return NO_ARTICLE
    if _is_cut(text):
        return TEASER
    return NO_ARTICLE if len(re.findall(r"\w", text)) < _FEWEST_LETTERS and not _is_cjk_article(text) else None


def _is_list_of_links(html: str, text: str) -> bool:
    """Tell whether nearly all of a page's text is what its links say."""
    linked = sum(len(label) for label in map(str.strip, _LINK.findall(html[:400_000])) if label and label in text)
    return bool(text) and len(text) < _LONGEST_LIST and 10 * linked > 8 * len(text)


def is_teaser(text: str) -> bool:
    """Tell whether a feed's body breaks off: in the middle of a sentence, or with "…" and "read more"."""
    return _is_cut(text)


def _is_cut(text: str) -> bool:
    last = text.rstrip().rpartition("\n")[2]
    if _CUT.search(last):
        return True
    return bool(last) and len(last) > 60 and not _ENDED.search(last) and last[-1].isalpha() and last[-1].islower() and len(text) < 800


def _reads_on(text: str) -> bool:
    """Tell whether a text has paragraphs of running sentences, as no wall has."""
    return sum(len(line) > 120 for line in text.splitlines()) >= 3


def _is_cjk_article(text: str) -> bool:
    return len(re.findall(r"[가-힣぀-ヿ一-鿿]", text)) >= _FEWEST_LETTERS / 2
