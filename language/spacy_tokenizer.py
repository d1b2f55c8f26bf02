"""Owns the tokenizer of our spaCy pipeline: the segmenter's words as a `Doc`, saved as its list of terms."""

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from language.segment import Segmenter

with warnings.catch_warnings():
    # spaCy 3.7, the last for numpy 1.23 and so for the engine, uses a function that newer click warns about.
    warnings.simplefilter("ignore")
    from spacy.lang.zh import Chinese
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.util import registry
    from spacy.vocab import Vocab, create_vocab

TOKENIZER_NAME: Final = "qinwen.segmenter"
_MOST_STRINGS: Final = 50_000


class SegmenterTokenizer:
    """The tokenizer spaCy calls: makes a `Doc` of the segmenter's words with exact character offsets.

    spaCy keeps every word it ever saw. Citizens' numbers are all different, so that would grow without end and keep
    personal data; documents get a vocabulary of their own that is renewed when it is full, and the pipeline's (the
    one that is saved) never sees a citizen's word.
    """

    def __init__(self, vocab: Vocab, segmenter: Segmenter) -> None:
        """Wrap the segmenter; `vocab` is the pipeline's and stays as it is."""
        self.vocab = vocab
        self.segmenter = segmenter
        self._scratch = create_vocab("zh", Chinese.Defaults)

    def __call__(self, text: str) -> Doc:
        """Return a document whose text is the given one."""
        words: list[str] = []
        spaces: list[bool] = []
        for piece in self.segmenter.pieces(text):
            if piece == " " and words and not spaces[-1]:
                spaces[-1] = True  # spaCy notes one blank after a word instead of making it a word
            else:
                words.append(piece)
                spaces.append(False)
        if len(self._scratch.strings) > _MOST_STRINGS:
            self._scratch = create_vocab("zh", Chinese.Defaults)
        return Doc(self._scratch, words=words, spaces=spaces)

    def pipe(self, texts: Iterable[str]) -> Iterator[Doc]:
        """Yield a document for each text."""
        yield from map(self, texts)

    def to_bytes(self, **_: Any) -> bytes:
        """Return the terms; the dictionary is built from them again."""
        return json.dumps(self.segmenter.terms, ensure_ascii=False).encode()

    def from_bytes(self, content: bytes, **_: Any) -> "SegmenterTokenizer":
        """Build the segmenter from saved terms."""
        self.segmenter = Segmenter(json.loads(content))
        return self

    def to_disk(self, path: str | Path, **_: Any) -> None:
        """Write the terms to a file."""
        Path(path).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_: Any) -> "SegmenterTokenizer":
        """Build the segmenter from a file of terms.

        Raises:
            OSError: the file can't be read.
        """
        return self.from_bytes(Path(path).read_bytes())


def _create_tokenizer() -> Callable[[Language], SegmenterTokenizer]:
    return lambda nlp: SegmenterTokenizer(nlp.vocab, Segmenter())


registry.tokenizers.register(TOKENIZER_NAME, func=_create_tokenizer)
