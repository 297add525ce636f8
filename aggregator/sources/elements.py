"""Name the elements of RSS 2.0, RDF and Atom that the quick reader knows, as feedparser files them.

An element that stands in none of these tables makes the quick reader leave the document to feedparser.
"""

ATOM, RSS1 = "{http://www.w3.org/2005/Atom}", "{http://purl.org/rss/1.0/}"
RDF, DC = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
ORIGINAL = "{http://rssnamespace.org/feedburner/ext/1.0}origLink"
MEDIA = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
XML = "{http://www.w3.org/XML/1998/namespace}"
IGNORED_SPACES = (
    "{http://purl.org/rss/1.0/modules/slash/}",
    "{http://purl.org/rss/1.0/modules/syndication/}",
    "{http://wellformedweb.org/CommentAPI/}",
    "{http://purl.org/syndication/thread/1.0}",
    "{http://webns.net/mvcb/}",
    "{com-wordpress:feed-additions:1}",
)
IGNORED = frozenset(
    (
        *(f"{space}{name}" for space in MEDIA for name in ("thumbnail", "credit")),
        "comments",
        *(f"{ATOM}{name}" for name in ("rights", "contributor", "generator", "icon", "logo", "subtitle")),
    )
)
IGNORED_IN_HEAD = frozenset(
    (
        *("description", "copyright", "docs", "generator", "image", "managingEditor", "webMaster", "ttl", "cloud", "textInput"),
        *("skipHours", "skipDays", "rating", "category"),
        *(f"{RSS1}{name}" for name in ("description", "items", "image", "textinput")),
        *(f"{ATOM}{name}" for name in ("author", "category")),
        *(f"{DC}{name}" for name in ("creator", "publisher", "rights", "subject")),
        "{http://rssnamespace.org/feedburner/ext/1.0}info",
    )
)
DATES = {
    "pubDate": "published",
    "lastBuildDate": "updated",
    f"{DC}date": "updated",
    f"{ATOM}published": "published",
    f"{ATOM}updated": "updated",
}
TITLES, LINKS, AUTHORS = ("title", f"{RSS1}title", f"{ATOM}title"), ("link", f"{RSS1}link"), ("author", f"{DC}creator")
DESCRIPTIONS, LANGUAGES = ("description", f"{RSS1}description"), ("language", f"{DC}language")
TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
}
