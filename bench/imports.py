"""How long an import of ten thousand rows takes: looking through, encoding, the write transaction, undoing. Prints a table.

`python -m bench.imports [--rows N] [--encoder auto|none] [--most-encoded M]`. Encoding goes on at the printed pace; with
`--most-encoded` only so many wordings are really encoded (their vectors are used again for the others), so that the whole
can be measured in minutes.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

import openpyxl

import starting
from knowledge_base import batches
from knowledge_base.import_jobs import ImportJobs, NoAudit
from knowledge_base.sheets.layout import FAQS
from language import load_encoder
from qinwen.clock import now
from qinwen.database import Database
from qinwen.settings import all_settings, load_settings


def workbook(rows: int) -> bytes:
    """Make a workbook of FAQs, each with four similar questions."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("问答")
    sheet.append([column.title for column in FAQS.columns])
    for n in range(rows):
        similar = "\n".join(f"{n}号窗口{words}" for words in ("是干啥的", "能办啥", "管不管盖章", "几点开门"))
        sheet.append([f"bulk-{n}", f"第{n}号窗口办什么业务", similar, f"第{n}号窗口办第{n}类业务，先取号。", "", "", "", ""])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


class Sparing:
    """An encoder that really encodes only so many texts and gives their vectors again for the others."""

    def __init__(self, encoder, most: int) -> None:
        self.name, self.dimension, self.blocks = encoder.name, encoder.dimension, encoder.blocks
        self._encoder, self._most, self._kept = encoder, most, None
        self.seconds, self.encoded = 0.0, 0

    def encode(self, texts, kind):
        if self.encoded >= self._most and self._kept is not None:
            return self._kept[: len(texts)]
        start = time.perf_counter()
        vectors = self._encoder.encode(texts, kind)
        self.seconds += time.perf_counter() - start
        self.encoded += len(texts)
        if self._kept is None or len(vectors) > len(self._kept):
            self._kept = vectors
        return vectors


class Clocked(NoAudit):
    """Is told when the write transaction begins."""

    begun = 0.0

    def hold(self, session) -> None:
        del session
        self.begun = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--most-encoded", type=int, default=10**9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        secrets = {setting.variable: "secret-of-the-bench" for setting in all_settings() if setting.secret}
        settings = load_settings({"QINWEN_VAR": folder, "QINWEN_ENCODER": "none", **secrets})
        starting.migrate(settings)
        starting.seed(settings)
        database = Database(settings.database_url)
        loaded = load_encoder(options.encoder).encoder
        encoder = Sparing(loaded, options.most_encoded) if loaded else None
        clocked = Clocked()
        jobs = ImportJobs(database, lambda: encoder, "bench", clocked)
        start = time.perf_counter()
        data = workbook(options.rows)
        print(f"文件 {len(data) / 1024:.0f} KB，{options.rows} 行（制作 {time.perf_counter() - start:.1f} 秒，不算）")
        with database.session() as session:
            number = batches.begin_batch(session, "问答.xlsx", data, "wang", now(), whole=False)
        start = time.perf_counter()
        jobs.run_next()
        print(f"看一遍（读、核对、记下每一行）    {time.perf_counter() - start:.1f} 秒")
        with database.session() as session:
            print("结果", batches.read_batch(session, number).counts)
            batches.submit_batch(session, number, "wang", "测量", now())
            batches.approve_batch(session, number, "lili", now())
        start = time.perf_counter()
        jobs.run_next()
        end = time.perf_counter()
        if encoder:
            pace = encoder.seconds / max(encoder.encoded, 1)
            whole = options.rows * 6
            print(f"句向量 每句 {pace * 1000:.1f} 毫秒；{whole} 句约 {whole * pace / 60:.1f} 分钟")
        print(f"写入（一个事务，别的写入在等）    {end - clocked.begun:.1f} 秒")
        start = time.perf_counter()
        with database.session() as session:
            undone = batches.undo_batch(session, number, "wang", now())
        print(f"撤销 {undone} 条（一个事务）          {time.perf_counter() - start:.1f} 秒")
        print(f"数据库文件 {Path(folder, 'qinwen.db').stat().st_size / 1024 / 1024:.0f} MB")
        database.close()


if __name__ == "__main__":
    main()
