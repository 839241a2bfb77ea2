"""Recovery words are BIP-39's, and a slip of the pen is noticed."""

from __future__ import annotations

import pytest

from app.vault.words import new_words, parse_words, word_list, words_of
from protocol.errors import InputError

# from the vectors of BIP-39 (trezor/python-mnemonic, vectors.json)
VECTORS = {
    "00" * 32: "abandon " * 23 + "art",
    "7f" * 32: "legal winner thank year wave sausage worth useful " * 2
    + "legal winner thank year wave sausage worth title",
    "ff" * 32: "zoo " * 23 + "vote",
    "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": "hamster diagram private dutch cause "
    "delay private meat slide toddler razor book happy fancy gospel tennis maple "
    "dilemma loan word shrug inflict delay length",
}


@pytest.mark.parametrize(("entropy", "words"), VECTORS.items())
def test_words_are_those_of_bip_39(entropy: str, words: str) -> None:
    assert words_of(bytes.fromhex(entropy)) == tuple(words.split())
    assert parse_words(words).hex() == entropy


def test_words_may_be_typed_in_any_case_and_with_any_spaces() -> None:
    words = new_words()
    assert words_of(parse_words("  " + "\n ".join(word.upper() for word in words))) == words


def test_two_sets_of_words_differ() -> None:
    assert new_words() != new_words()


@pytest.mark.parametrize("count", [0, 23, 25])
def test_another_number_of_words_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} recovery words, not 24"):
        parse_words("abandon " * count)


def test_a_word_that_is_none_is_named_by_its_place_and_not_quoted() -> None:
    words = list(new_words())
    words[6] = "xyzzy"
    with pytest.raises(InputError, match="word 7 ") as caught:
        parse_words(" ".join(words))
    assert "xyzzy" not in str(caught.value)


def test_most_slips_break_the_checksum() -> None:
    words = list(words_of(bytes(range(32))))
    refused = 0
    for other in word_list()[:256]:
        try:
            parse_words(" ".join([*words[:-1], other]))
        except InputError:
            refused += 1
    assert refused >= 250  # one in 256 passes by chance


def test_the_list_is_as_long_as_eleven_bits_and_told_apart_by_four_letters() -> None:
    assert len({word[:4] for word in word_list()}) == len(word_list()) == 2048
