"""What every board does: run against the one in memory and against Redis."""

from routing.ports import Board, Timer
from routing.reservation import ReservationState
from routing.skill import everybody_on
from tests.unit.routing.builders import after, an_id, given_reservation, given_standing, given_waiting

RING = after(20)


async def order(board: Board, queue: str = "sales") -> list[int]:
    return [waiting.call.int for waiting in await board.queue(queue)]


class BoardSuite:
    async def test_callers_are_ordered_by_virtual_arrival_within_their_lane(self, board: Board) -> None:
        await board.join(given_waiting(1, arrived=10))
        await board.join(given_waiting(2, arrived=5))
        await board.join(given_waiting(3, arrived=50, lane=1))
        await board.join(given_waiting(4, arrived=0, queue="orders"))
        assert await order(board) == [3, 2, 1]
        assert [await board.position(an_id(number)) for number in (3, 2, 1, 4, 9)] == [1, 2, 3, 1, None]
        assert (await board.length("sales"), await board.length("nothing")) == (3, 0)

    async def test_a_microsecond_decides_and_equal_places_go_by_id(self, board: Board) -> None:
        await board.join(given_waiting(3, arrived=0.000002))
        await board.join(given_waiting(2, arrived=0.000001))
        await board.join(given_waiting(9, arrived=0.000001))
        assert await order(board) == [2, 9, 3]

    async def test_a_caller_is_kept_with_everything_known_of_them(self, board: Board) -> None:
        waiting = given_waiting(1, arrived=7.000003, step=2, lane=3, menu_step="to-sales")
        await board.join(waiting)
        assert await board.waiting(an_id(1)) == waiting
        assert await board.waiting(an_id(2)) is None

    async def test_joining_again_changes_nothing_but_another_queue_moves_the_caller(
        self, board: Board
    ) -> None:
        await board.join(given_waiting(1, arrived=1))
        await board.relax(an_id(1), 1)
        await board.join(given_waiting(1, arrived=1))
        assert (await board.queue("sales"))[0].step == 1
        await board.join(given_waiting(1, arrived=1, queue="orders"))
        assert (await order(board), await order(board, "orders")) == ([], [1])

    async def test_leaving_gives_what_was_there_and_takes_the_timers_along(self, board: Board) -> None:
        await board.join(given_waiting(1))
        for kind in ("relax", "announce", "leave"):
            await board.schedule(f"{kind}:{an_id(1)}", after(30))
        assert await board.leave(an_id(1)) == given_waiting(1)
        assert await board.leave(an_id(1)) is None
        assert await board.next_due() is None
        assert await order(board) == []

    async def test_an_agent_meets_the_head_of_each_class_they_cover(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator", "orders/0/simulator"))
        await board.join(given_waiting(1, arrived=5))
        await board.join(given_waiting(2, arrived=1))
        await board.join(given_waiting(3, arrived=0, step=1))
        await board.join(given_waiting(4, arrived=9, queue="orders"))
        assert sorted(waiting.call.int for waiting in await board.heads_for("ann")) == [2, 4]
        assert await board.heads_for("nobody") == []

    async def test_a_class_shows_its_longest_ready_agents_and_counts_the_others(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator", ready=9))
        await board.stand(given_standing("bob", "sales/0/simulator", ready=3))
        await board.stand(given_standing("cid", "sales/0/simulator", ready=3))
        await board.stand(given_standing("dan", "sales/0/simulator", ready=None))
        await board.stand(given_standing("eve", "orders/0/simulator", ready=0))
        view = await board.view("sales/0/simulator", most=2)
        assert [agent.login for agent in view.ready] == ["bob", "cid"]
        assert view.ready[0].ready_since == after(3)
        assert (view.states, view.everybody) == ({"ready": 3, "paused": 1}, 5)
        assert (await board.view("sales/0/simulator", most=0)).ready == ()

    async def test_carriers_share_a_queue_and_part_the_agents(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/asterisk", everybody_on("asterisk")))
        await board.stand(given_standing("bob", "sales/0/twilio", everybody_on("twilio")))
        await board.stand(given_standing("cid", everybody_on("twilio")))
        await board.stand(given_standing("dan"))
        await board.join(given_waiting(1, arrived=1, carrier="twilio"))
        await board.join(given_waiting(2, arrived=2, carrier="asterisk"))
        await board.join(given_waiting(3, arrived=3, carrier="twilio"))
        assert (await order(board), await board.position(an_id(3))) == ([1, 2, 3], 3)
        heads = {login: await board.heads_for(login) for login in ("ann", "bob", "cid", "dan")}
        met = {login: [waiting.call.int for waiting in found] for login, found in heads.items()}
        assert met == {"ann": [2], "bob": [1], "cid": [], "dan": []}
        view = await board.view("sales/0/twilio", most=9)
        assert [agent.login for agent in view.ready] == ["bob"]
        assert (view.states, view.rung, view.everybody, view.elsewhere) == ({"ready": 1}, 2, 4, 2)
        assert not await board.claim(given_reservation(7, 2, "bob"), RING)
        assert await board.claim(given_reservation(7, 1, "bob"), RING)
        waiting = await board.waiting(an_id(1))
        assert waiting is not None
        assert waiting.carrier == "twilio"

    async def test_a_caller_put_back_or_relaxed_is_their_carrier_s_still(self, board: Board) -> None:
        await board.stand(given_standing("bob", "sales/0/twilio", "sales/1/twilio"))
        await board.stand(given_standing("ann", "sales/1/asterisk"))
        await board.join(given_waiting(1, carrier="twilio"))
        await board.claim(given_reservation(7, 1, "bob"), RING)
        await board.relax(an_id(1), 1)
        await board.settle(an_id(7), ReservationState.CANCELLED)
        assert await board.heads_for("ann") == []
        assert [waiting.step for waiting in await board.heads_for("bob")] == [1]
        await board.relax(an_id(1), 0)
        assert [waiting.step for waiting in await board.heads_for("bob")] == [0]
        await board.leave(an_id(1))
        assert await board.heads_for("bob") == []

    async def test_an_older_standing_changes_nothing(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator", seq=5, ready=None))
        await board.stand(given_standing("ann", "sales/0/simulator", seq=5))
        await board.stand(given_standing("ann", "sales/0/simulator", seq=4))
        assert (await board.view("sales/0/simulator", most=2)).states == {"paused": 1}

    async def test_a_newer_standing_replaces_classes_state_and_timer(self, board: Board) -> None:
        await board.stand(
            given_standing("ann", "sales/0/simulator", ready=None, state="wrap_up", until=after(15))
        )
        assert await board.next_due() == after(15)
        await board.stand(given_standing("ann", "orders/0/simulator", seq=2))
        assert (await board.view("sales/0/simulator", most=2)).states == {}
        assert len((await board.view("orders/0/simulator", most=2)).ready) == 1
        assert await board.next_due() is None

    async def test_a_claim_takes_both_out_at_once(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator", "orders/0/simulator"))
        await board.join(given_waiting(1))
        assert await board.claim(given_reservation(7, 1, "ann"), RING)
        assert await board.heads_for("ann") == []
        view = await board.view("orders/0/simulator", most=2)
        assert (view.ready, view.states) == ((), {"reserved": 1})
        waiting = await board.waiting(an_id(1))
        assert waiting is not None
        assert waiting.reservation == an_id(7)
        assert await board.position(an_id(1)) == 1
        assert await board.reservation(an_id(7)) == given_reservation(7, 1, "ann")
        assert await board.next_due() == RING

    async def test_a_claim_needs_a_waiting_caller_and_a_ready_agent_who_covers_them(
        self, board: Board
    ) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator"))
        await board.stand(given_standing("bob", "sales/0/simulator", ready=None))
        await board.stand(given_standing("cid", "sales/1/simulator"))
        await board.join(given_waiting(1))
        assert not await board.claim(given_reservation(7, 1, "bob"), RING)
        assert not await board.claim(given_reservation(7, 1, "cid"), RING)
        assert not await board.claim(given_reservation(7, 1, "nobody"), RING)
        assert not await board.claim(given_reservation(7, 2, "ann"), RING)
        assert await board.reservation(an_id(7)) is None
        assert await board.claim(given_reservation(7, 1, "ann"), RING)
        assert not await board.claim(given_reservation(8, 1, "ann"), RING)

    async def test_a_missed_ring_puts_the_caller_back_in_the_same_place(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator", "sales/1/simulator"))
        await board.join(given_waiting(1, arrived=1))
        await board.join(given_waiting(2, arrived=2))
        await board.claim(given_reservation(7, 1, "ann"), RING)
        await board.relax(an_id(1), 1)
        assert await board.settle(an_id(7), ReservationState.TIMEOUT) == given_reservation(7, 1, "ann")
        assert await board.settle(an_id(7), ReservationState.TIMEOUT) is None
        assert await order(board) == [1, 2]
        assert await board.next_due() is None
        await board.stand(given_standing("ann", "sales/0/simulator", "sales/1/simulator", seq=2))
        assert [waiting.step for waiting in await board.heads_for("ann")] == [0, 1]

    async def test_a_missed_ring_leaves_the_agent_out_until_they_stand_anew(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator"))
        await board.join(given_waiting(1))
        await board.claim(given_reservation(7, 1, "ann"), RING)
        await board.settle(an_id(7), ReservationState.REJECTED)
        assert not await board.claim(given_reservation(8, 1, "ann"), RING)

    async def test_an_accepted_caller_is_off_the_board_and_the_reservation_completes(
        self, board: Board
    ) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator"))
        await board.join(given_waiting(1))
        await board.claim(given_reservation(7, 1, "ann"), RING)
        await board.schedule(f"leave:{an_id(1)}", after(600))
        assert await board.settle(an_id(7), ReservationState.COMPLETED) is None
        assert await board.settle(an_id(7), ReservationState.ACCEPTED) is not None
        assert (await order(board), await board.next_due()) == ([], None)
        assert await board.settle(an_id(7), ReservationState.CANCELLED) is None
        accepted = await board.reservation(an_id(7))
        assert accepted is not None
        assert accepted.state is ReservationState.ACCEPTED
        assert await board.settle(an_id(7), ReservationState.COMPLETED) is not None
        assert await board.reservation(an_id(7)) is None

    async def test_leaving_while_a_phone_rings_drops_the_reservation(self, board: Board) -> None:
        await board.stand(given_standing("ann", "sales/0/simulator"))
        await board.join(given_waiting(1))
        await board.claim(given_reservation(7, 1, "ann"), RING)
        left = await board.leave(an_id(1))
        assert left is not None
        assert left.reservation == an_id(7)
        assert await board.reservation(an_id(7)) is None
        assert await board.next_due() is None

    async def test_a_reservation_from_before_is_put_back_without_asking(self, board: Board) -> None:
        await board.join(given_waiting(1))
        await board.hold(given_reservation(7, 1, "ann"), RING)
        await board.stand(given_standing("bob", "sales/0/simulator"))
        assert await board.heads_for("bob") == []
        assert await board.settle(an_id(7), ReservationState.CANCELLED) is not None
        assert len(await board.heads_for("bob")) == 1

    async def test_due_timers_are_leased_to_one_claimant_until_done(self, board: Board) -> None:
        await board.schedule("relax:a", after(10))
        await board.schedule("relax:b", after(5))
        await board.schedule("relax:c", after(11))
        await board.cancel()
        claimed = await board.claim_due(after(10), after(40), most=10)
        assert claimed == [Timer("relax:b", after(40)), Timer("relax:a", after(40))]
        assert await board.claim_due(after(10), after(40), most=10) == []
        await board.done(claimed[0])
        assert await board.claim_due(after(40), after(70), most=1) == [Timer("relax:c", after(70))]
        again = await board.claim_due(after(40), after(70), most=9)
        assert again == [Timer("relax:a", after(70))], "its claimant never came back"
        await board.done(claimed[1])
        await board.done(again[0])
        await board.cancel("relax:c", "relax:x")
        assert await board.next_due() is None

    async def test_a_timer_set_anew_by_its_own_claimant_stays(self, board: Board) -> None:
        await board.schedule("announce:a", after(10))
        claimed = await board.claim_due(after(10), after(40), most=10)
        await board.schedule("announce:a", after(20))
        await board.done(claimed[0])
        assert await board.next_due() == after(20)

    async def test_a_cleared_board_is_not_whole_until_it_is_completed(self, board: Board) -> None:
        await board.join(given_waiting(1))
        await board.stand(given_standing("ann", "sales/0/simulator", until=after(5)))
        await board.complete()
        assert await board.whole()
        await board.clear()
        assert not await board.whole()
        assert (await order(board), await board.next_due()) == ([], None)
        assert (await board.view("sales/0/simulator", most=2)).everybody == 0
