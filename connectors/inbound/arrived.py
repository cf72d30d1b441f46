"""What a consumer has, as soon as it has anything: the library's own `consume` waits all its time unless it gets all it may."""

from confluent_kafka import Consumer, Message


def arrived(consumer: Consumer, most: int, within: float) -> list[Message]:
    """Records and errors that are there, at the most so many; waits so many seconds for the first one."""
    first = consumer.poll(within)
    return [] if first is None else [first, *consumer.consume(most - 1, 0)]
