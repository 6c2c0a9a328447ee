from __future__ import annotations

from planroom.memory.caches.eviction import MOST_USES, Node, WorthOrder


def order_of(*nodes: Node) -> WorthOrder[Node]:
    order: WorthOrder[Node] = WorthOrder()
    for node in nodes:
        order.add(node)
    return order


def evict(order: WorthOrder[Node]) -> str:
    node = order.pop()
    assert node is not None
    order.evicted(node)
    return str(node.key)


def test_of_equals_the_longest_unused_goes_first() -> None:
    order = order_of(*(Node(key, 10, 1.0) for key in "abc"))

    assert [evict(order) for _ in range(3)] == ["a", "b", "c"]
    assert order.pop() is None


def test_what_costs_little_for_its_bytes_goes_first() -> None:
    order = order_of(Node("small", 10, 1.0), Node("large", 1000, 1.0), Node("large and dear", 1000, 500.0))

    assert [evict(order) for _ in range(3)] == ["large", "small", "large and dear"]


def test_what_came_back_stays_longer() -> None:
    first, second = Node("first", 10, 1.0), Node("second", 10, 1.0)
    order = order_of(first, second)
    order.use(first)

    assert [evict(order) for _ in range(2)] == ["second", "first"]


def test_an_old_favourite_sinks_under_newcomers() -> None:
    favourite = Node("favourite", 10, 1.0)
    order = order_of(favourite)
    for _ in range(100):
        order.use(favourite)
    assert favourite.uses == MOST_USES
    for number in range(2000):
        order.add(Node(number, 10, 1.0))
        if evict(order) == "favourite":
            break

    assert 10 < number < 1999


def test_uses_go_on_after_a_short_absence_and_not_after_a_long_one() -> None:
    order = order_of(Node("a", 10, 1.0))
    evict(order)
    back = Node("a", 10, 1.0)
    order.add(back)
    assert back.uses == 2
    evict(order)
    for number in range(10):
        order.add(Node(number, 10, 1.0))
        evict(order)
    late = Node("a", 10, 1.0)
    order.add(late)

    assert late.uses == 1


def test_a_removed_node_never_comes_up_and_is_not_remembered() -> None:
    kept, removed = Node("kept", 10, 1.0), Node("removed", 10, 1.0)
    order = order_of(removed, kept)
    order.remove(removed)

    assert len(order) == 1
    assert evict(order) == "kept"
    assert order.pop() is None
    again = Node("removed", 10, 1.0)
    order.add(again)
    assert again.uses == 1


def test_removed_nodes_do_not_fill_the_heap() -> None:
    order = order_of(Node("kept", 10, 1.0))
    for number in range(1000):
        node = Node(number, 10, 1.0)
        order.add(node)
        order.remove(node)

    assert len(order._heap) < 100


def test_a_node_set_aside_keeps_its_uses_when_put_back() -> None:
    pinned, other = Node("pinned", 10, 1.0), Node("other", 10, 1.0)
    order = order_of(pinned, other)
    assert order.pop() is pinned
    order.use(pinned)
    order.put_back(pinned)
    order.put_back(pinned)

    assert len(order) == 2
    assert [evict(order) for _ in range(2)] == ["other", "pinned"]


def test_nothing_weighs_nothing_in_the_order() -> None:
    order = order_of(Node("empty", 0, 1.0), Node("full", 10, 1.0))

    assert evict(order) == "full"
