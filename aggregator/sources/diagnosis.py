"""Say in a sentence why a document holds no entries."""

import re

_CHALLENGE = re.compile(
    rb"just a moment\.\.\.|cf-chl|challenge-platform|checking your browser|attention required|captcha|access denied"
    rb"|are you a robot|ddos-guard",
    re.IGNORECASE,
)
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
_HEAD = 20_000


def diagnose(body: bytes, version: str, *, damaged: bool) -> str:
    """Name the most likely reason; `version` is the feed format as far as it was recognised, `damaged` whether its XML is."""
    head = body[:_HEAD]
    if not body.strip():
        return "the document is empty"
    if version:
        return "the feed holds no entries, and its XML is damaged" if damaged else "the feed holds no entries"
    if _HTML.search(head):
        return "a bot check instead of a feed" if _CHALLENGE.search(head) else "HTML page instead of a feed"
    if b"<" not in head.replace(b"\x00", b""):
        return "the document is neither XML nor JSON"
    if _SITEMAP.search(head):
        return "the document is a sitemap: its kind has to be sitemap"
    return "the document is neither RSS nor Atom"
