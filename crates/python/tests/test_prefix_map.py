"""Prefix maps agree with Python's own ipaddress, asked one prefix after the other."""

import gc
import ipaddress
import random
import weakref

import flowproof
import pandas
import polars
import pyarrow
import pytest

BITS = {4: 32, 6: 128}


def network(random):
    """A prefix in a corner that others are in too, so that many nest."""
    version = random.choice([4, 6])
    bits = BITS[version]
    length = random.choice([0, 8, 16, 23, 24, 24, 31, 32] if version == 4 else [0, 16, 32, 48, 64, 64, 127, 128])
    corner = int(ipaddress.ip_address("203.0.112.0" if version == 4 else "2001:db8::"))
    number = corner ^ random.getrandbits(12) ^ (random.getrandbits(bits) if random.random() < 0.1 else 0)
    number = number >> (bits - length) << (bits - length)
    return ipaddress.ip_network((number, length))


def near(random, networks):
    """An address at an edge of a prefix, or a step beyond."""
    of = random.choice(networks)
    number = random.choice([int(of.network_address), int(of.broadcast_address)]) + random.choice([-1, 0, 1])
    kind = ipaddress.IPv4Address if of.version == 4 else ipaddress.IPv6Address
    address = kind(number % (1 << BITS[of.version]))
    return address


def holding(entries, address):
    """All prefixes that hold an address, the most specific first."""
    held = [(str(of), value) for of, value in entries.items() if of.version == address.version and address in of]
    return sorted(held, key=lambda entry: -ipaddress.ip_network(entry[0]).prefixlen)


@pytest.mark.parametrize("seed", range(20))
def test_answers_are_those_of_ipaddress(seed):
    source = random.Random(seed)
    entries = {network(source): number for number in range(source.choice([1, 5, 200]))}
    # Every other is given as text, in an order of chance.
    pairs = [(str(of) if number % 2 else of, number) for of, number in entries.items()]
    source.shuffle(pairs)
    prefixes = flowproof.PrefixMap(pairs)
    assert len(prefixes) == len(entries)
    addresses = [near(source, list(entries)) for _ in range(200)]
    for address in addresses:
        expected = holding(entries, address)
        for asked in (address, str(address)):
            assert prefixes.matches(asked) == expected
            assert prefixes.longest_match(asked) == (expected[0] if expected else None)
            assert prefixes.lookup(asked, "none") == (expected[0][1] if expected else "none")
            assert prefixes.contains(asked) == (asked in prefixes) == bool(expected)
    expected = [bool(holding(entries, address)) for address in addresses]
    texts = [str(address) for address in addresses]
    for many in (addresses, texts, iter(texts), pyarrow.array(texts), polars.Series(texts), pandas.Series(texts)):
        assert prefixes.contains_many(many).to_list() == expected


PREFIXES = flowproof.PrefixMap({"203.0.113.0/24": "hosting", "2001:db8::/32": None})
ASKED = ["203.0.113.9", None, "198.51.100.7", "2001:db8::1"]
HELD = [True, None, False, True]


@pytest.mark.parametrize(
    "kind",
    [
        pyarrow.string(),
        pyarrow.large_string(),
        pyarrow.string_view(),
        pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
    ],
    ids=str,
)
def test_many_addresses_may_be_text_of_any_kind(kind):
    array = pyarrow.array(ASKED, pyarrow.string()).cast(kind)
    assert PREFIXES.contains_many(array).to_list() == HELD
    assert PREFIXES.contains_many(pyarrow.chunked_array([array, array])).to_list() == HELD * 2
    assert PREFIXES.contains_many(array.slice(2)).to_list() == HELD[2:]


def test_many_addresses_may_be_numbers_of_ipv4():
    numbers = [int(ipaddress.IPv4Address("203.0.113.255")), None, 0]
    assert PREFIXES.contains_many(pyarrow.array(numbers, pyarrow.uint32())).to_list() == [True, None, False]


def test_the_column_is_taken_as_arrow():
    column = PREFIXES.contains_many(ASKED)
    assert len(column) == 4
    assert pyarrow.array(column).equals(pyarrow.array(HELD))
    assert polars.Series(column).to_list() == HELD
    assert PREFIXES.contains_many([]).to_list() == PREFIXES.contains_many(pyarrow.nulls(0)).to_list() == []


def test_the_rules_of_prefixes_hold():
    prefixes = flowproof.PrefixMap([("203.0.113.9/24", 1), ("198.51.100.7", 2), ("203.0.113.0/24", 3)])
    assert len(prefixes) == 2
    assert prefixes.lookup("::ffff:203.0.113.1") == 3
    assert prefixes.longest_match("198.51.100.7") == ("198.51.100.7/32", 2)
    assert prefixes.lookup("192.0.2.1") is None
    assert repr(prefixes) == "<flowproof.PrefixMap: 2 prefixes>"
    assert len(flowproof.PrefixMap([])) == len(flowproof.PrefixMap({})) == 0


@pytest.mark.parametrize("text", ["203.0.113.0/33", "203.000.113.0/24", "203.0.113", "host", "", None, 7])
def test_what_is_no_prefix_is_refused(text):
    with pytest.raises(flowproof.UsageError, match="is no IP prefix"):
        flowproof.PrefixMap([("192.0.2.0/24", 1), (text, 2)])


def test_what_is_no_address_is_refused():
    for ask in [PREFIXES.lookup, PREFIXES.matches, PREFIXES.longest_match, PREFIXES.contains]:
        with pytest.raises(flowproof.UsageError, match="`203.0.113.0/24` is no IP address"):
            ask("203.0.113.0/24")
    for many in (["192.0.2.1", "-"], pyarrow.array(["192.0.2.1", "-"])):
        with pytest.raises(flowproof.UsageError, match="`-` is no IP address"):
            PREFIXES.contains_many(many)
    with pytest.raises(flowproof.UsageError, match="row 3"):
        PREFIXES.contains_many(pyarrow.chunked_array([["192.0.2.1"] * 3, ["-"]]))
    with pytest.raises(flowproof.UsageError, match="got Int64"):
        PREFIXES.contains_many(pyarrow.array([1]))
    with pytest.raises(TypeError):
        flowproof.PrefixMap(7)
    with pytest.raises((TypeError, ValueError)):
        flowproof.PrefixMap(["203.0.113.0/24"])


def test_values_are_held_and_given_back():
    class Value:
        pass

    value = Value()
    known = weakref.ref(value)
    prefixes = flowproof.PrefixMap([("203.0.113.0/24", value)])
    assert prefixes.lookup("203.0.113.9") is value
    del value
    gc.collect()
    assert known() is not None
    del prefixes
    gc.collect()
    assert known() is None


def test_a_cycle_through_a_map_is_freed():
    class Value:
        pass

    value = Value()
    known = weakref.ref(value)
    value.map = flowproof.PrefixMap([("203.0.113.0/24", value)])
    del value
    gc.collect()
    assert known() is None
