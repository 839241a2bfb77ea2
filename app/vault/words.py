"""Recovery words: 32 random bytes as 24 words of BIP-39's English list, eight bits of checksum included.

The list is the one that eth-account ships; its SHA-256 is frozen here, because other words would open nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from protocol.errors import ArtifactFailed, InputError

__all__ = ["WORD_COUNT", "new_words", "parse_words", "word_list", "words_of"]

WORD_COUNT = 24

_ENTROPY_BYTES = 32
_BITS_A_WORD = 11
_LIST_SHA256 = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
"""Of the file english.txt of BIP-39: 2,048 words, a line each."""


@cache
def word_list() -> tuple[str, ...]:
    """The 2,048 words in order. Their first four letters tell them apart. Raises `ArtifactFailed` for another list."""
    from eth_account.hdaccount.mnemonic import get_wordlist  # noqa: PLC0415 - slow to load, seldom needed

    words = tuple(get_wordlist("english"))
    if hashlib.sha256("".join(f"{word}\n" for word in words).encode()).hexdigest() != _LIST_SHA256:
        raise ArtifactFailed("the list of recovery words is not BIP-39's", hint="install eth-account again")
    return words


def new_words() -> tuple[str, ...]:
    """24 words from 256 bits of the operating system's randomness."""
    return words_of(secrets.token_bytes(_ENTROPY_BYTES))


def words_of(entropy: bytes) -> tuple[str, ...]:
    """The words of 32 bytes (BIP-39: the bits, then the first byte of their SHA-256, 11 bits a word)."""
    number = int.from_bytes(entropy + hashlib.sha256(entropy).digest()[:1], "big")
    places = [number >> _BITS_A_WORD * place & 0x7FF for place in reversed(range(WORD_COUNT))]
    return tuple(word_list()[place] for place in places)


def parse_words(text: str) -> bytes:
    """The 32 bytes of 24 words, as a person types them: any case, any spaces.

    Raises `InputError` saying how many words there are, which place holds no word of the list, or that they do not
    belong together. No message quotes a word.
    """
    words = text.lower().split()
    if len(words) != WORD_COUNT:
        raise InputError(f"there are {len(words)} recovery words, not {WORD_COUNT}", hint="type all of them in order")
    places = {word: place for place, word in enumerate(word_list())}
    number = 0
    for position, word in enumerate(words, 1):
        if word not in places:
            raise InputError(f"word {position} is not a recovery word", hint="compare it with what you wrote down")
        number = number << _BITS_A_WORD | places[word]
    data = number.to_bytes(_ENTROPY_BYTES + 1, "big")
    entropy, checksum = data[:_ENTROPY_BYTES], data[_ENTROPY_BYTES:]
    if hashlib.sha256(entropy).digest()[:1] != checksum:
        raise InputError("these words do not belong together", hint="a word is wrong, or two changed places")
    return entropy
