"""Senders: which parameters of a link say only where a click came from, and which links only lead on to another.

Each name is a fact about the program that writes it. Dropping one that selects a page would make one article of two, so a name is
known at every site only where nobody else would choose it; short ones only where their value is no number, or at their own site.
"""

import re

_PREFIXES = ("utm_", "mtm_", "hsa_", "bsft_", "vero_", "oly_", "__hs", "_sgm_", "guce_", "mindbox-", "gad_", "adjust_t")
"""Campaign tools whose prefix is theirs alone: Urchin, Matomo, HubSpot, Blueshift, Vero, Omeda, Yahoo, Mindbox, Google Ads, Adjust."""
_NAMES = frozenset(
    {
        # Click ids, which platforms append to every link that leaves them.
        *("dclid", "fbclid", "gbraid", "gclid", "gclsrc", "igsh", "igshid", "irclickid", "mibextid", "msclkid", "sscid", "srsltid"),
        *("twclid", "wbraid", "yclid", "ysclid", "rb_clickid", "external_click_id", "_branch_match_id", "_openstat", "admitad_uid"),
        # Numbers of a visitor or a letter, written by counters and mailers.
        *("_ga", "_gl", "_kx", "_hsenc", "_hsmi", "hsctatracking", "mc_cid", "mc_eid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash"),
        *("guccounter", "oprtrack", "vc_lpp", "wt_mc", "xtor", "usqp", "irgwc", "s_cid", "soc_src", "soc_trk", "cmpid", "ftcamp"),
        # Whole names, where the prefix alone is chosen by others too: `pk_id`, `ga_no`, `fb_idx` and `ir_id` select pages.
        *("pk_campaign", "pk_cid", "pk_content", "pk_keyword", "pk_kwd", "pk_medium", "pk_source"),
        *("ga_campaign", "ga_content", "ga_medium", "ga_place", "ga_source", "ga_term", "itm_campaign", "itm_medium", "itm_source"),
        *("fb_action_ids", "fb_action_types", "fb_ref", "fb_source", "ir_adid", "ir_campaignid", "ir_partnerid"),
        *("cx_artpos", "cx_navsource", "cx_testid", "cx_testvariant", "dpg_campaign", "dpg_content", "dpg_medium", "dpg_source"),
        *("stm_campaign", "stm_content", "stm_medium", "stm_source", "adjust_campaign", "adjust_adgroup", "adjust_creative"),
    }
)
_UNLESS_A_NUMBER = frozenset({"awc", "erid", "ncid", "ocid", "ref_src", "rss", "smid", "ved"})
"""Short names that senders write with words or codes; a number under one may be a record of the site."""
_AT_SITES = {
    "news.google.com": frozenset({"hl", "gl", "ceid", "oc"}),
    "bbc.com": frozenset({"at_medium", "at_campaign"}),
    "bbc.co.uk": frozenset({"at_medium", "at_campaign"}),
    "yna.co.kr": frozenset({"input", "section", "site"}),
}
"""Parameters that say only where a click came from at one site or the hosts below it, and may select a page at another."""
_HOST_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,12}", re.IGNORECASE)
_REDIRECTORS = tuple(
    (re.compile(host), path, names)
    for host, path, names in (
        (r"(?:(?:www|news\.url)\.)?google\.[a-z]{2,3}(?:\.[a-z]{2})?", "/url", ("q", "url")),
        (r"lm?\.facebook\.com", "/l.php", ("u",)),
        (r"l\.instagram\.com", "", ("u",)),
        (r"out\.reddit\.com", "", ("url",)),
        (r"(?:www\.)?bing\.com", "/news/apiclick.aspx", ("url",)),
        (r"slack-redir\.net", "/link", ("url",)),
        (r"link\.naver\.com", "/bridge", ("url",)),
        (r"(?:m\.)?vk\.com", "/away.php", ("to",)),
        (r"(?:(?:www|m)\.)?youtube\.com", "/redirect", ("q",)),
        (r"[a-z0-9]+\.safelinks\.protection\.outlook\.com", "", ("url",)),
    )
)
"""Redirectors: their hosts, the path they answer at (any, where empty), and the parameters that carry the target."""


def is_senders(host: str, name: str, value: str) -> bool:
    """Tell whether a parameter, its name in lower case, says only where a click came from."""
    if name == "ref" and _HOST_NAME.fullmatch(value):
        return True  # the site that a reader came from
    if name in _UNLESS_A_NUMBER:
        return not value.isdigit()
    at_site = any(name in names and f".{host}".endswith(f".{site}") for site, names in _AT_SITES.items())
    return at_site or name in _NAMES or name.startswith(_PREFIXES)


def target_names(host: str, path: str) -> tuple[str, ...]:
    """Name the parameters that carry the target of a redirector's link; none for any other link."""
    asked = path.rstrip("/")
    found = (names for known, answers, names in _REDIRECTORS if answers in ("", asked) and known.fullmatch(host))
    return next(found, ())
