"""The examples of docs/topics.md, run as they stand there."""

import re
from pathlib import Path

import pytest

from aggregator.matching import compile_query
from tests.matching.topics import PACKS, article

PAGE = (Path(__file__).parents[2] / "docs" / "topics.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[0][:40])
def test_example_of_the_page_holds(example: str) -> None:
    lines = example.strip().split("\n")
    texts = [line for line in lines if line.startswith(("+ ", "- "))]
    judge = compile_query("\n".join(line for line in lines if line not in texts), PACKS)
    assert {text[0] for text in texts} == {"+", "-"}
    for line in texts:
        title, _, text = line[2:].partition(" / ")
        in_title = article(title, text) if text else article("", title)
        verdicts = [
            judge.judge(article(title, text))[0],
            *([] if "title:" in example or "first:" in example else [judge.judge(in_title)[0]]),
        ]
        # Sentences of an example part it in the text only: the title is one sentence.
        judgement = verdicts[-1] if ". " in title else verdicts[0]
        assert judgement.matched == line.startswith("+"), (line, judgement.reason)


def test_every_operator_has_an_example() -> None:
    together = "\n".join(EXAMPLES)
    for word in (
        "AND",
        "OR",
        "NOT",
        "NEAR/",
        "SENTENCE",
        "WITH",
        "UNLESS",
        "EXCEPT",
        "AT LEAST",
        "title:",
        "first:",
        "language:",
        "class:",
        "SCORE",
        "ABOUT",
    ):
        assert word in together, word
