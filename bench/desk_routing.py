"""Measures the desks' department classifier on real complaints that nobody here wrote, beside a plain baseline.

Five-fold on the labelled rows, three shuffles. Ours may use the fold's training rows and our own phrases; the baseline is
a LinearSVC over character pairs, trained on the same rows. The data stands only on developers' machines (see
`bench/outside.py`); no text of it is written anywhere. Run: `python -m bench.desk_routing [--json FILE]`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bench.outside import find_data
from desk.classifier import DepartmentClassifier
from desk.desks import department_phrases
from language import load_encoder

# The data's seven classes in terms of our departments; the others of ours do not occur in it.
CLASSES = {
    "城乡建设": ("住建", "自然资源"),
    "劳动和社会保障": ("人社", "医保"),
    "教育文体": ("教育",),
    "卫生计生": ("卫健",),
    "交通运输": ("交通运输",),
    "商贸旅游": ("商务文旅", "市场监管"),
    "环境保护": ("生态环境",),
}
SHUFFLES = (0, 1, 2)
# A phrase of ours counts half of a row of the fold.
PHRASE_WEIGHT = 0.5


class RememberingEncoder:
    """Encodes each text once in the run."""

    def __init__(self, encoder):
        self._encoder, self._known = encoder, {}
        self.name, self.dimension, self.blocks = encoder.name, encoder.dimension, encoder.blocks

    def encode(self, texts, kind):
        new = [text for text in dict.fromkeys(texts) if (text, kind) not in self._known]
        if new:
            self._known |= {(text, kind): vector for text, vector in zip(new, self._encoder.encode(new, kind), strict=True)}
        return np.stack([self._known[text, kind] for text in texts])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-encoder", action="store_true", help="only the characters")
    options = parser.parse_args()
    path = find_data() / "tipdm_dept_gold.jsonl"
    if not path.exists():
        print(f"没有 {path.name}（见 QINWEN_EVAL_DATA），跳过。")
        return
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [f"{row['title']}\n{row['text']}" for row in rows]
    gold = np.array([row["label"] for row in rows])
    loaded = None if options.no_encoder else load_encoder("auto").encoder
    encoder = RememberingEncoder(loaded) if loaded else None
    class_of = {ours: name for name, several in CLASSES.items() for ours in several}
    phrases = [(text, class_of[department]) for text, department in department_phrases() if department in class_of]

    def ours(train, test):
        weights = [1.0] * len(train) + [PHRASE_WEIGHT] * len(phrases)
        fitted = DepartmentClassifier(encoder).fit(
            [texts[n] for n in train] + [text for text, _ in phrases],
            [*gold[train], *(name for _, name in phrases)],
            weights,
        )
        return [guesses[0].department for guesses in fitted.predict([texts[n] for n in test])]

    def baseline(train, test):
        model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(2, 2)), LinearSVC())
        return model.fit([texts[n] for n in train], gold[train]).predict([texts[n] for n in test])

    def measure(answer):
        scores = []
        for shuffle in SHUFFLES:
            found = np.empty(len(gold), dtype=object)
            for train, test in StratifiedKFold(5, shuffle=True, random_state=shuffle).split(texts, gold):
                found[test] = answer(train, test)
            scores.append(float(f1_score(gold, found, average="macro")))
        return scores

    shipped = [
        class_of.get(next(guess.department for guess in guesses if guess.department in class_of))
        for guesses in DepartmentClassifier.trained(encoder).predict(texts)
    ]
    result = {
        "rows": len(rows),
        "encoder": encoder.name if encoder else None,
        "baseline": measure(baseline),
        "ours": measure(ours),
        "shipped_phrases_only": float(f1_score(gold, shipped, average="macro")),
    }
    result["beats_baseline"] = min(o - b for o, b in zip(result["ours"], result["baseline"], strict=True)) > 0
    print(f"{len(rows)} 行，五折，打乱 {len(SHUFFLES)} 次；宏平均 F1：")
    print(f"  字对 LinearSVC（同一次运行）  {np.mean(result['baseline']):.3f}")
    print(f"  我们的（本折训练行加自己的说法）{np.mean(result['ours']):.3f}")
    print(f"  随产品的（只用自己的说法）      {result['shipped_phrases_only']:.3f}")
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    if not result["beats_baseline"]:
        raise SystemExit("没有每一次都超过对照。")


if __name__ == "__main__":
    main()
