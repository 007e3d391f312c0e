"""What a menu does next with a call: pure, total, and never more steps in a turn than the menu has.

A turn ends by waiting for the caller (`Gather`), waiting for an agent (`Hold`), or `Hangup`. What a step asks
beside its question is a step of its own on the timeline: `order/confirm`, `agent/consent`.
"""

from ivr import events as e
from ivr.actions import Hold
from ivr.call import Call, CallState
from ivr.menu import Menu
from ivr.menu_steps import Choice, ChooseLanguage, Collect, Confirm, Enqueue
from ivr.menu_turn import Context, Turn, TurnMaker

__all__ = ["Context", "Turn", "enter", "fail", "left_step", "resume", "take"]


def enter(menu: Menu, call: Call, context: Context) -> Turn:
    """The start of the menu, for a call just admitted."""
    if call.state is not CallState.MENU:
        return Turn()
    turn = TurnMaker(menu, call, context)
    turn.settle_language()
    return turn.go(menu.start)


def take(menu: Menu, call: Call, given: e.InputGathered, context: Context) -> Turn:
    """What follows an input that is on the call's timeline already.

    An input for a step at which the call does not stand (late, repeated) gives an empty turn.
    """
    if call.state is not CallState.MENU or call.step is None or given.step != call.step:
        return Turn()
    name, _, asked = call.step.partition("/")
    step = menu.steps.get(name)
    turn = TurnMaker(menu, call, context)
    match step:
        case ChooseLanguage() if not asked:
            return turn.language_answered(name, step, given)
        case Choice() if not asked:
            return turn.choice_answered(name, step, given)
        case Collect() if not asked:
            return turn.collected(name, step, given)
        case Collect(confirm=Confirm() as confirm):
            return turn.confirm_answered(name, step, confirm, given)
        case Enqueue() if asked:
            return turn.consent_answered(name, step, given)
    return Turn()


def resume(menu: Menu, call: Call, context: Context, step: str | None = None) -> Turn:
    """Goes on where the call stands.

    After an outage the question is asked again, after a conversation the call goes to `after_talk` or ends,
    after a wait without an agent to the queue's `on_left`; `step` is another one to go to.
    """
    turn = TurnMaker(menu, call, context)
    if call.state is CallState.QUEUED:
        turn.actions.append(Hold(_music(menu, call)))
        return turn.done()
    if call.state is not CallState.MENU:
        return Turn()
    name, _, asked = (call.step or "").partition("/")
    stands = menu.steps.get(name)
    if step in menu.steps:
        return turn.go(step)
    if stands is None:
        return enter(menu, call, context)
    if isinstance(stands, Enqueue) and not asked:
        if call.left_queue is not None:
            return turn.go(left_step(menu, call))
        return turn.go(menu.after_talk) if menu.after_talk else turn.hang_up()
    return turn.ask_again(name, f"/{asked}" if asked else "")


def fail(menu: Menu, call: Call, context: Context) -> Turn:
    """The way out when something went wrong: the menu's `on_error`, or the end when that failed too."""
    if call.state is not CallState.MENU:
        return Turn()
    turn = TurnMaker(menu, call, context)
    return turn.hang_up() if call.step == menu.on_error else turn.go(menu.on_error)


def left_step(menu: Menu, call: Call) -> str:
    """Where the waiting `call` goes on when it leaves its queue without an agent."""
    step = menu.steps.get(call.step or "")
    return step.on_left if isinstance(step, Enqueue) and step.on_left else menu.on_error


def _music(menu: Menu, call: Call) -> str:
    step = menu.steps.get(call.step or "")
    return (step.music if isinstance(step, Enqueue) else None) or "default"
