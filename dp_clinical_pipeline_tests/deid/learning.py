"""Trains the model of the voter `learnt` on planted sentences, and writes `lexicons/learnt.npz`.

    python -m dp_clinical_pipeline_tests.deid.learning --corpora ../shared/data [--sets a b 14 ...] [--out FILE]

Frames of the given sets are planted between sentences of MTSamples; a word is looked at as the voter looks at
it, beside what the rules found. One document in eight is read a second time in title case, so that a capital among
capitals speaks for nothing. So that it learns what rules miss, half of what they found is hidden from it; so that it
learns from the words around a name, a third of the documents lose the lists of names, and half of the words themselves.
"""

import argparse
import csv
import gzip
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dp_clinical_pipeline.deid.clues import Token, clues, is_looked_at, tokens_of, types_at
from dp_clinical_pipeline.deid.detect import found_by_rules
from dp_clinical_pipeline.deid.evaluate import Document
from dp_clinical_pipeline.deid.spans import Span, resolve
from dp_clinical_pipeline.demo.reports import make_patients
from dp_clinical_pipeline_tests.deid.planting import frames, planted, titled

OUT = Path(__file__).parents[2] / "dp_clinical_pipeline/deid/lexicons/learnt.npz"
SETS = (*"abcdeghijlmnopqrstuvwxy1345789", "11", "12", "13", "14", "15", "17")
"""All but `f`, `k`, `z`, `2`, `6`, `0`, `10` and `16`, which are only ever scored."""
_HIDDEN, _WITHOUT_NAMES, _WITHOUT_WORD, _CLUE_LEFT_OUT, _IN_TITLE_CASE = 0.5, 0.3, 0.5, 0.5, 0.12
_EACH, _EPOCHS, _LOT, _RATE, _RAREST, _WIDTH = 5, 3, 512, 2e-3, 16, 24
_HOSPITAL, _HOSTS = 150, 18_000
_NAME_LISTS = str.maketrans("", "", "gspq")


class Word(NamedTuple):
    """A word that is looked at: its clues and its type, "" for no identifier."""

    clues: list[str]
    type: str


def hosts(corpora: Path, many: int, seed: int) -> list[str]:
    """Return parts of MTSamples, of six sentences at most, in which the rules find nothing: nobody marked what they hold."""
    with gzip.open(corpora / "mtsamples/transcriptions.csv.gz", "rt", encoding="utf-8") as file:
        texts = [" ".join(row["text"].replace(".,", ".").replace(":,", ":").split()) for row in csv.DictReader(file)]
    said = [text.split(". ") for text in texts]
    parts = [". ".join(one[i : i + 6]) + "." for one in said for i in range(0, len(one), 6)]
    random.Random(seed).shuffle(parts)
    kept = (part for part in parts if 100 < len(part) < 900 and not found_by_rules(part))
    return list(islice(kept, many))


def documents(corpora: Path, sets: Sequence[str], rounds: int, seed: int = 0) -> Iterator[Document]:
    """Yield reports of the made-up hospital, then documents with planted sentences: each frame some `rounds` times.

    Some are in title case as well.
    """
    for made in make_patients(_HOSPITAL, seed + 101):
        for report in made.reports:
            spans = tuple((span.start, span.end, span.type) for span in report.spans)
            yield Document(id=report.report_id, patient_id=report.patient_id, text=report.text, spans=spans)
    parts = hosts(corpora, _HOSTS, seed)
    print(f"{len(parts)} parts of notes to plant in", flush=True)
    for name in sets:
        chance = random.Random(f"{name}{seed}")
        texts = chance.choices(parts, k=rounds * len(frames(name)) // _EACH)
        for document in planted(texts, name, seed=1000 + seed, each=_EACH):
            yield document
            if chance.random() < _IN_TITLE_CASE:
                yield titled(document, chance)


def words_of(document: Document, found: Sequence[Span], chance: random.Random) -> Iterator[Word]:
    """Yield the words that a document teaches; what rules found by mistake beside them teaches that it is none."""
    tokens = tokens_of(document.text)
    wanted = _types(tokens, document.spans)
    shown = types_at(tokens, [span for span in found if chance.random() > _HIDDEN])
    covered = types_at(tokens, found)
    if chance.random() < _WITHOUT_NAMES:
        tokens = [_without_names(token) for token in tokens]
    for i, token in enumerate(tokens):
        if shown[i] or not (is_looked_at(tokens, shown, i) or (covered[i] and token.word[0].isalnum())):
            continue
        own = list(clues(tokens, shown, i))
        if chance.random() < _WITHOUT_WORD:
            own = [clue for clue in own if clue[:3] != "w4=" and clue[:2] not in ("a=", "z=")]
        yield Word(own, wanted[i])


def _without_names(token: Token) -> Token:
    lists = token.lists.translate(_NAME_LISTS)
    return token._replace(lists=lists.replace("cl", "un").replace("or", "un"))


def _types(tokens: Sequence[Token], gold: Sequence[tuple[int, int, str]]) -> list[str]:
    return types_at(tokens, [Span(start, end, kind, "gold", 1.0) for start, end, kind in sorted(gold)])


def trained(words: Sequence[Word], seed: int = 0) -> dict[str, Any]:
    """Return the arrays of the model, by the names that the voter reads them under."""
    import torch

    torch.manual_seed(seed)
    often = Counter(clue for word in words for clue in word.clues)
    known = {clue: i for i, clue in enumerate(sorted(c for c, n in often.items() if n >= _RAREST))}
    types = ["", *sorted({word.type for word in words} - {""})]
    rows = [np.array([known[clue] for clue in word.clues if clue in known], dtype=np.int64) for word in words]
    wanted = torch.tensor([types.index(word.type) for word in words])
    bag = torch.nn.EmbeddingBag(len(known), _WIDTH, mode="sum")
    torch.nn.init.normal_(bag.weight, std=0.05)
    bias, out = torch.nn.Parameter(torch.zeros(_WIDTH)), torch.nn.Linear(_WIDTH, len(types))
    optimizer = torch.optim.Adam([*bag.parameters(), bias, *out.parameters()], lr=_RATE)
    chance = np.random.default_rng(seed)
    for epoch in range(_EPOCHS):
        order, total = chance.permutation(len(rows)), 0.0
        for group in optimizer.param_groups:
            group["lr"] = _RATE * (1 - epoch / _EPOCHS)
        for start in range(0, len(order), _LOT):
            lot = order[start : start + _LOT]
            kept = [rows[i][chance.random(len(rows[i])) > _CLUE_LEFT_OUT] for i in lot]
            starts = np.cumsum([0, *map(len, kept)])[:-1]
            hidden = torch.relu(bag(torch.from_numpy(np.concatenate(kept)), torch.from_numpy(starts)) + bias)
            loss = torch.nn.functional.cross_entropy(out(hidden), wanted[lot])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(lot)
        print(f"pass {epoch + 1} of {_EPOCHS}: loss {total / len(rows):.4f}", flush=True)
    weights = bag.weight.detach().numpy()
    scale = np.abs(weights).max(0) / 127
    return {
        "clues": np.frombuffer("\x00".join(known).encode("utf-8"), dtype=np.uint8),
        "types": np.array(" ".join(types)),
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": bias.detach().numpy(),
        "out": out.weight.detach().numpy().T.copy(),
        "out_bias": out.bias.detach().numpy(),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Train and write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(argv)
    chance = random.Random(0)
    words: list[Word] = []
    for number, document in enumerate(documents(given.corpora, given.sets, given.rounds)):
        words.extend(words_of(document, resolve(found_by_rules(document.text)), chance))
        if number % 1000 == 0:
            print(f"{number} documents, {len(words)} words", flush=True)
    arrays = trained(words)
    np.savez_compressed(given.out, **arrays)
    print(f"{given.out}: {len(arrays['weights'])} clues, {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
