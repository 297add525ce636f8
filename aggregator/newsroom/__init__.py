"""The newsroom: an invented outside world on loopback, for the demonstration and the end-to-end tests.

Invented outlets with feeds that behave and feeds that do not, a mail receiver and a chat webhook, all of them real servers.
It tells three rounds of news: first all of it, then changes, then nothing new. `data/expected.yaml` says what a good watch makes of them.

The way of a body: `content` declares what the data files may hold, `edition` loads and checks them and knows what stands in a
feed in a round, `rendering` writes documents, `server` serves them. `receivers` take what the watch sends, `ledger` remembers
all that happened, `control` is the remote control, `world` holds everything together.
"""
