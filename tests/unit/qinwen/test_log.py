import json
import logging

import pytest
import structlog

from qinwen.log import configure_logging, logger


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_log_line_is_one_json_object_with_its_process(capsys):
    configure_logging("web")
    logger("qinwen.test").info("turn_finished", turn="t1", outcome="answered")
    shape = json.loads(capsys.readouterr().err)
    assert shape["event"] == "turn_finished"
    assert (shape["process"], shape["level"], shape["turn"]) == ("web", "info", "t1")


def test_records_of_the_standard_library_take_the_same_shape(capsys):
    configure_logging("web")
    logging.getLogger("third.party").warning("slow %s", "query")
    shape = json.loads(capsys.readouterr().err)
    assert (shape["event"], shape["process"]) == ("slow query", "web")


def test_what_is_below_the_level_is_not_written(capsys):
    configure_logging("web", "warning")
    logger("qinwen.test").info("turn_finished")
    assert capsys.readouterr().err == ""
