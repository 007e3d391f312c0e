"""What a menu does with a call, step by step."""

from ivr import events as e
from ivr import interpreter
from ivr.actions import DtmfInput, Gather, Hangup, Hold, Play, SpeechInput
from ivr.call import Call, apply
from ivr.consent import may_record
from ivr.interpreter import Turn
from ivr.menu import Menu
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.builders.menus import after, given_admitted, given_context, given_menu, pressed, said, silent

CONTEXT = given_context()
MENU = given_menu("""\
name: shop
languages: [zh, en]
start: hello
after_talk: rating
on_error: sorry
prompts:
  hello: {zh: 您好, en: Hello}
  language: {zh: 中文请按一, en: For English press two}
  topic: {zh: 请选择, en: Please choose}
  again: {zh: 没有听清, en: Sorry}
  louder: {zh: 没有收到, en: Are you there}
  order: {zh: 请输入订单号, en: Your order number}
  check: {zh: "您输入的是{order}，对吗", en: "You entered {order}, right"}
  recorded: {zh: 通话将被录音, en: This call is recorded}
  hold: {zh: 请稍候, en: Please hold}
  bye: {zh: 再见, en: Goodbye}
steps:
  hello: {do: play, prompts: hello, next: who}
  who:
    do: branch
    cases:
      - {tier: [vip, gold], customer: known, hours: open, go: vip}
      - {customer: known, go: topic}
    otherwise: language
  vip: {do: set, intent: sales, attributes: {lane: fast}, next: agent}
  language: {do: language, prompt: language, keys: {1: zh, 2: en}, tries: 2, next: topic}
  topic:
    do: menu
    prompts: topic
    options:
      - {key: 1, say: {zh: 售前咨询, en: sales}, intent: sales, go: agent}
      - {key: 2, say: {zh: 我的订单, en: my order}, go: order}
      - {key: 3, say: {zh: 营业时间, en: opening hours}, go: hours}
      - {key: 4, go: pin}
      - {key: 5, go: ask}
    repeat_key: "*"
    tries: 2
    no_match: {prompt: again}
    no_input: {prompt: louder}
    too_many: {prompt: hold, go: agent}
  order:
    do: collect
    prompts: order
    store: order
    min_digits: 4
    max_digits: 4
    pattern: "[1-9].*"
    check: luhn
    confirm: {prompt: check}
    tries: 2
    no_match: {prompt: again}
    too_many: {go: agent}
    next: agent
  pin:
    do: collect
    prompts: order
    store: pin
    max_digits: 6
    sensitive: true
    too_many: {go: sorry}
    next: pin-given
  pin-given:
    do: branch
    cases: [{attribute: {name: pin, present: true}, go: agent}]
    otherwise: sorry
  hours: {do: play, prompts: hello, barge_in: true, complete: true, next: topic-again}
  topic-again: {do: menu, prompts: topic, options: [{key: 1, go: hours}], too_many: {go: bye}}
  agent: {do: enqueue, prompts: hold, recording: announce, consent: recorded, on_left: topic-again}
  ask: {do: enqueue, queue: private, recording: ask, consent: recorded}
  rating: {do: collect, prompts: topic, store: csat, max_digits: 1, too_many: {go: bye}, next: bye}
  bye: {do: hangup, prompts: bye}
  sorry: {do: hangup}
""")


def texts(turn: Turn) -> list[str]:
    heard = (a.prompts for a in turn.actions if isinstance(a, Play | Gather | Hold))
    return [prompt.text for prompts in heard for prompt in prompts]


def steps(turn: Turn) -> list[tuple[str, int]]:
    return [(event.step, event.attempt) for event in turn.events if isinstance(event, e.StepEntered)]


def asked(turn: Turn) -> Gather:
    last = turn.actions[-1]
    assert isinstance(last, Gather)
    return last


def told(call: Call, given: e.InputGathered, menu: Menu = MENU) -> tuple[Call, Turn]:
    """The call after an input and the turn that follows."""
    call = apply(call, given.for_timeline(), NOON)
    turn = interpreter.take(menu, call, given, CONTEXT)
    return after(call, turn), turn


def at_topic(**identity: object) -> Call:
    call = given_admitted(**({"known": True} | identity))
    return after(call, interpreter.enter(MENU, call, CONTEXT))


def at(key: str) -> Call:
    call = at_topic()
    return told(call, pressed(call, key))[0]


def test_a_known_customer_is_greeted_and_asked_in_their_language() -> None:
    call = given_admitted(known=True, language="en")
    turn = interpreter.enter(MENU, call, CONTEXT)
    assert steps(turn) == [("hello", 1), ("who", 1), ("topic", 1)]
    assert turn.actions == (
        Play(turn.actions[0].prompts),  # type: ignore[union-attr]
        Gather(
            "topic",
            turn.actions[1].prompts,  # type: ignore[union-attr]
            DtmfInput(1, finish_on=""),
            SpeechInput("en", ("sales", "my order", "opening hours")),
        ),
    )
    assert texts(turn) == ["Hello", "Please choose"]


def test_a_branch_needs_all_its_conditions_and_sees_what_was_set() -> None:
    call = given_admitted(known=True, tier="gold")
    turn = interpreter.enter(MENU, call, CONTEXT)
    assert steps(turn)[-1] == ("agent", 1)
    assert after(call, turn).intent == "sales"
    assert after(call, turn).attributes["lane"] == "fast"
    for other in (given_admitted(known=False, tier="gold"), given_admitted(known=True, tier="standard")):
        assert steps(interpreter.enter(MENU, other, CONTEXT))[-1] != ("agent", 1)
    assert steps(interpreter.enter(MENU, call, given_context(is_open=False)))[-1] == ("topic", 1)


def test_the_language_is_asked_in_every_language_and_chosen_by_key() -> None:
    call = given_admitted()
    turn = interpreter.enter(MENU, call, CONTEXT)
    assert texts(turn) == ["您好", "中文请按一", "For English press two"]
    call, turn = told(after(call, turn), pressed(after(call, turn), "2"))
    assert call.language == "en"
    assert texts(turn) == ["Please choose"]


def test_a_caller_who_chooses_no_language_keeps_theirs() -> None:
    call = given_admitted(language="en")
    call = after(call, interpreter.enter(MENU, call, CONTEXT))
    call, turn = told(call, pressed(call, "7"))
    assert steps(turn) == [("language", 2)]
    call, turn = told(call, silent(call))
    assert (call.language, call.step) == ("en", "topic")


def test_a_caller_whose_language_the_menu_lacks_hears_its_first() -> None:
    for language, chosen in {"ko": "zh", "": "zh", "en-GB": "en"}.items():
        call = given_admitted(language=language)
        assert interpreter.enter(MENU, call, CONTEXT).events[0] == e.LanguageChosen(chosen)


def test_a_key_or_a_phrase_picks_an_option() -> None:
    for answer in (
        pressed(at_topic(), "1"),
        said(at_topic(), "售 前 咨询"),
        said(at_topic(), "我要售前諮詢"),
    ):
        call, turn = told(at_topic(), answer)
        assert turn.events[0] == e.IntentSet("sales")
        assert call.queue == "general"


def test_silence_and_noise_each_have_their_prompt_and_count_together() -> None:
    call, turn = told(at_topic(), silent(at_topic()))
    assert texts(turn) == ["没有收到", "请选择"]
    assert steps(turn) == [("topic", 2)]
    call, turn = told(call, said(call, "嗯"))
    assert steps(turn) == [("agent", 1)]
    assert texts(turn) == ["请稍候", "通话将被录音", "请稍候"]


def test_the_repeat_key_costs_no_try() -> None:
    call = at_topic()
    for _ in range(5):
        call, turn = told(call, pressed(call, "*"))
        assert steps(turn) == [("topic", 1)]


def test_digits_are_checked_read_back_and_kept() -> None:
    call = at("2")
    assert asked(interpreter.resume(MENU, call, CONTEXT)).dtmf == DtmfInput(4, "#", 3.0)
    call, turn = told(call, pressed(call, "1230"))
    assert turn.events[0] == e.AttributeSet("order", "1230")
    assert texts(turn) == ["您输入的是", "幺", "二", "三", "零", "，对吗"]
    assert call.step == "order/confirm"
    call, turn = told(call, pressed(call, "1"))
    assert call.queue == "general"


def test_digits_that_do_not_fit_are_asked_for_again() -> None:
    for wrong in ("123", "0000", "1231", "12300"):
        call, turn = told(at("2"), pressed(at("2"), wrong))
        assert (steps(turn), texts(turn)) == ([("order", 2)], ["没有听清", "请输入订单号"]), wrong
        assert "order" not in call.attributes
    call, turn = told(call, pressed(call, "9"))
    assert call.queue == "general"


def test_a_number_that_was_keyed_wrongly_is_keyed_again_within_the_tries() -> None:
    call, _ = told(at("2"), pressed(at("2"), "1230"))
    call, turn = told(call, pressed(call, "2"))
    assert steps(turn) == [("order", 2)]
    call, _ = told(call, pressed(call, "1230"))
    call, turn = told(call, pressed(call, "8"))
    assert steps(turn) == [("agent", 1)]


def test_sensitive_digits_leave_only_their_length() -> None:
    call = at("4")
    assert asked(interpreter.resume(MENU, call, CONTEXT)).sensitive
    call, turn = told(call, pressed(call, "135790", sensitive=True))
    assert "135790" not in repr([*turn.events, *turn.actions, call])
    assert call.attributes["pin"] == "••••••"
    assert call.queue == "general"


def test_a_step_that_completes_is_told_once() -> None:
    call, turn = told(at_topic(), pressed(at_topic(), "3"))
    assert e.SelfServed("hours") in turn.events
    assert texts(turn) == ["您好", "请选择"]
    assert len(turn.actions) == 1  # the caller may barge into what was played
    call, turn = told(call, pressed(call, "1"))
    assert not [event for event in turn.events if isinstance(event, e.SelfServed)]


def test_a_caller_hears_that_the_call_is_recorded_and_then_waits() -> None:
    call, turn = told(at_topic(), pressed(at_topic(), "1"))
    notice, hold = turn.actions
    assert isinstance(notice, Play)
    assert not notice.interruptible
    assert isinstance(hold, Hold)
    assert may_record(call)


def test_who_is_asked_decides_about_the_recording() -> None:
    for key, may in {"1": True, "2": False}.items():
        call = at("5")
        assert call.step == "ask/consent"
        call, turn = told(call, pressed(call, key))
        assert (call.queue, may_record(call)) == ("private", may)
    call = at("5")
    call, turn = told(call, silent(call))
    assert steps(turn) == [("ask/consent", 2)]
    call, turn = told(call, silent(call))
    assert (call.queue, may_record(call)) == ("private", False)


def test_a_late_or_repeated_input_changes_nothing() -> None:
    first = at_topic()
    late = pressed(first, "2")
    call, _ = told(first, late)
    assert interpreter.take(MENU, call, late, CONTEXT) == Turn()


def test_after_the_conversation_the_call_goes_to_after_talk_or_ends() -> None:
    call, _ = told(at_topic(), pressed(at_topic(), "1"))
    for event in (a.RESERVED, a.ANSWERED, a.TALK_ENDED):
        call = apply(call, event, NOON)
    assert steps(interpreter.resume(MENU, call, CONTEXT)) == [("rating", 1)]
    ends = MENU.model_copy(update={"after_talk": None})
    assert interpreter.resume(ends, call, CONTEXT) == Turn((), (Hangup(),))


def test_a_caller_who_leaves_the_queue_goes_on_where_the_menu_says() -> None:
    call, _ = told(at_topic(), pressed(at_topic(), "1"))
    assert interpreter.left_step(MENU, call) == "topic-again"
    call = apply(call, e.QueueLeft("general", "max wait", "topic-again"), NOON)
    assert steps(interpreter.resume(MENU, call, CONTEXT)) == [("topic-again", 1)]
    assert steps(interpreter.resume(MENU, call, CONTEXT, step="bye")) == [("bye", 1)]
    private, _ = told(at("5"), pressed(at("5"), "1"))
    assert interpreter.left_step(MENU, private) == "sorry"


def test_after_an_outage_the_question_is_asked_again_for_the_same_try() -> None:
    call, _ = told(at_topic(), silent(at_topic()))
    assert steps(interpreter.resume(MENU, call, CONTEXT)) == [("topic", 2)]
    call, _ = told(at("2"), pressed(at("2"), "1230"))
    assert asked(interpreter.resume(MENU, call, CONTEXT)).step == "order/confirm"
    assert asked(interpreter.resume(MENU, at("5"), CONTEXT)).step == "ask/consent"
    assert steps(interpreter.resume(MENU, given_admitted(), CONTEXT))[0] == ("hello", 1)


def test_after_an_outage_a_waiting_caller_hears_music_again() -> None:
    call, _ = told(at_topic(), pressed(at_topic(), "1"))
    assert interpreter.resume(MENU, call, CONTEXT) == Turn((), (Hold("default"),))
    talking = apply(apply(call, a.RESERVED, NOON), a.ANSWERED, NOON)
    assert interpreter.resume(MENU, talking, CONTEXT) == Turn()


def test_when_something_went_wrong_the_caller_is_told_and_then_let_go() -> None:
    call = at_topic()
    turn = interpreter.fail(MENU, call, CONTEXT)
    assert steps(turn) == [("sorry", 1)]
    assert turn.actions == (Hangup(),)
    assert interpreter.fail(MENU, after(call, turn), CONTEXT) == Turn((), (Hangup(),))


def test_a_menu_that_was_never_checked_still_ends_its_turn() -> None:
    circle = MENU.steps["hello"].model_copy(update={"next": "hello"})
    turn = interpreter.enter(MENU.model_copy(update={"steps": {"hello": circle}}), given_admitted(), CONTEXT)
    assert turn.actions[-1] == Hangup()
