import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, AllSlotsReset, BotUttered, Restarted, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.tracker_store import KEPT_TURNS, BoundedTrackerStore, bounded, shrink

NAMES = ("item", "facet", "region")
SLOTS = [AnySlot(name, mappings=[], influence_conversation=False) for name in NAMES]


def user(text, **parsed):
    return UserUttered(text, {"name": "ask_fee", "confidence": 0.9}, [], parse_data=parsed or None)


def turn(number, *events):
    return [user(f"第{number}问"), ActionExecuted("action_answer_question"), *events, ActionExecuted("action_listen")]


def tracker_of(events):
    return DialogueStateTracker.from_events("c1", list(events), SLOTS)


def slots_of(events):
    return tracker_of(events).current_slot_values()


def texts(events):
    return [event.text for event in events if isinstance(event, UserUttered)]


def test_a_short_conversation_is_kept_whole():
    events = [event for number in range(KEPT_TURNS) for event in turn(number)]
    assert bounded(events) == events


def test_of_a_long_conversation_the_last_turns_are_kept_and_the_slots():
    events = [*turn(0, SlotSet("item", "passport")), *turn(1, SlotSet("region", "610100"))]
    events += [event for number in range(2, 10) for event in turn(number)]
    kept = bounded(events)
    assert texts(kept) == ["第7问", "第8问", "第9问"]
    assert slots_of(kept) == {"item": "passport", "facet": None, "region": "610100"}


def test_the_newest_value_of_a_slot_counts():
    events = [*turn(0, SlotSet("item", "passport")), *turn(1, SlotSet("item", "idcard"))]
    events += [event for number in range(2, 9) for event in turn(number)]
    assert slots_of(bounded(events))["item"] == "idcard"


def test_the_tail_stops_growing():
    events = []
    sizes = []
    for number in range(200):
        events = bounded([*events, *turn(number, SlotSet("item", f"i{number}"))])
        sizes.append(len(json.dumps([event.as_dict() for event in events])))
    assert max(sizes[20:]) - min(sizes[20:]) < 600
    assert len(texts(events)) == KEPT_TURNS


def test_an_active_loop_goes_on_and_an_ended_one_does_not_come_back():
    rest = [event for number in range(1, 9) for event in turn(number)]
    assert tracker_of(bounded([*turn(0, ActiveLoop("case_form")), *rest])).active_loop_name == "case_form"
    ended = [*turn(0, ActiveLoop("case_form")), *turn(1, ActiveLoop(None)), *rest]
    assert tracker_of(bounded(ended)).active_loop_name is None


def test_the_engine_listens_after_what_was_cut_off():
    events = [event for number in range(9) for event in turn(number)]
    before_first_turn = bounded(events)[: -3 * KEPT_TURNS]
    assert before_first_turn[-1] == ActionExecuted("action_listen")


steps = st.one_of(
    st.builds(SlotSet, st.sampled_from(NAMES), st.none() | st.sampled_from(["a", "b"])),
    st.just("turn"),
    st.builds(AllSlotsReset),
    st.builds(Restarted),
)


@given(st.lists(steps, max_size=40))
def test_whatever_happened_the_slots_survive(history):
    events = []
    for number, step in enumerate(history):
        events += turn(number) if step == "turn" else [step]
    assert slots_of(bounded(events)) == slots_of(events)
    assert texts(bounded(events)) == texts(events)[-KEPT_TURNS:]


def test_shrinking_drops_what_only_its_own_turn_needed():
    event = {
        "event": "user",
        "text": "护照多少钱",
        "parse_data": {
            "text": "护照多少钱",
            "intent": {"name": "ask_fee"},
            "entities": [],
            "emergency_number": "119",
            "intent_ranking": [{"name": "ask_fee"}] * 45,
            "text_tokens": [[0, 2]],
        },
    }
    shrunk = shrink(event)
    assert set(shrunk["parse_data"]) == {"text", "intent", "entities"}
    assert shrunk["text"] == "护照多少钱"
    assert "intent_ranking" in event["parse_data"]


@pytest.mark.parametrize("event", [{"event": "slot", "name": "item", "value": "x"}, {"event": "user", "parse_data": None}])
def test_shrinking_leaves_other_events_alone(event):
    assert shrink(event).get("name") == event.get("name")
    assert "intent_ranking" not in str(shrink(event))


@pytest.fixture
def make_store(tmp_path):
    slots = {n: {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]} for n in NAMES}
    with pytest.warns(UserWarning, match="auto-fill"):
        domain = Domain.from_dict({"slots": slots})
    made = []

    def make():
        made.append(BoundedTrackerStore(domain, url=f"sqlite:///{tmp_path}/tracker.db"))
        return made[-1]

    yield make
    for store in made:
        store._engine.dispose()


async def test_a_conversation_survives_a_restart_of_the_engine(make_store):
    store = make_store()
    assert await store.retrieve("c1") is None
    events = [
        *turn(0, SlotSet("item", "passport"), BotUttered("120 元")),
        *(event for number in range(1, 6) for event in turn(number)),
    ]
    await store.save(tracker_of(events))
    found = await make_store().retrieve("c1")
    assert found.current_slot_values()["item"] == "passport"
    assert texts(found.events) == ["第3问", "第4问", "第5问"]
    assert await make_store().retrieve("c2") is None


async def test_each_conversation_has_one_row_and_is_listed(make_store):
    store = make_store()
    for number in range(3):
        await store.save(tracker_of(turn(number)))
    other = DialogueStateTracker.from_events("c2", turn(0), SLOTS)
    await store.save(other)
    assert sorted(await store.keys()) == ["c1", "c2"]


async def test_going_on_with_a_stored_conversation_keeps_it_short(make_store):
    store = make_store()
    await store.save(tracker_of([event for number in range(9) for event in turn(number, SlotSet("item", "passport"))]))
    tracker = await store.retrieve("c1")
    for event in turn(9):
        tracker.update(event)
    await store.save(tracker)
    again = await store.retrieve("c1")
    assert texts(again.events) == ["第7问", "第8问", "第9问"]
    assert again.current_slot_values()["item"] == "passport"
