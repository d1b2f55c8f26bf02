import pytest

from qinwen import supervision
from qinwen.settings import ROOT
from qinwen.supervision import StartFailed, Supervisor, read_procfile, require_free_ports


class FakeSocket:
    """Stands in for the operating system: some ports are taken."""

    taken = frozenset({8080})

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def setsockopt(self, *_):
        pass

    def bind(self, address):
        if address[1] in self.taken:
            raise OSError(98, "Address already in use")


@pytest.fixture
def _ports(monkeypatch):
    monkeypatch.setattr(supervision.socket, "socket", FakeSocket)


def test_a_procfile_gives_a_command_for_each_process(tmp_path):
    path = tmp_path / "Procfile"
    path.write_text("# comment: not a process\nweb: qinwen web\n\nengine:  rasa run --port $PORT --url http://h:1\n")
    assert read_procfile(path) == {"web": "qinwen web", "engine": "rasa run --port $PORT --url http://h:1"}


def test_our_procfile_has_the_processes_of_the_design():
    assert {"web", "engine", "actions"} <= set(read_procfile(ROOT / "Procfile"))


def test_the_engine_listens_on_loopback_alone():
    assert "--interface 127.0.0.1" in read_procfile(ROOT / "Procfile")["engine"]


@pytest.mark.usefixtures("_ports")
def test_a_port_in_use_gives_one_sentence_that_names_the_setting():
    with pytest.raises(StartFailed) as caught:
        require_free_ports({"QINWEN_STAFF_PORT": ("127.0.0.1", 8081), "QINWEN_PUBLIC_PORT": ("0.0.0.0", 8080)})
    sentence = caught.value.message
    assert "8080" in sentence
    assert "QINWEN_PUBLIC_PORT" in sentence
    assert sentence.count("。") == 1
    assert "\n" not in sentence


@pytest.mark.usefixtures("_ports")
def test_free_ports_are_no_reason_to_complain():
    require_free_ports({"QINWEN_STAFF_PORT": ("127.0.0.1", 8081)})


def test_waiting_for_a_supervisor_that_never_started_fails_with_the_place_of_the_logs(tmp_path):
    supervisor = Supervisor(ROOT, tmp_path, {})
    with pytest.raises(StartFailed, match=str(tmp_path)):
        supervisor.wait_until_ready(["http://127.0.0.1:1/"], timeout=1)


def test_stopping_a_supervisor_that_never_started_does_nothing(tmp_path):
    Supervisor(ROOT, tmp_path, {}).stop()
