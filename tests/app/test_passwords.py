"""bcrypt: right passwords are recognised, and the time tells nothing about accounts."""

import bcrypt
import pytest

from bot.auth import fits_bcrypt, password_hash, recompute, recompute_now

COSTS = [4, 8, 10, 11, 12]


class Counted:
    """bcrypt that counts its work instead of doing it: a cost of n is 2**n rounds."""

    def __init__(self) -> None:
        self.work = 0

    def __call__(self, _secret: bytes, salt: bytes) -> bytes:
        bcrypt.hashpw(b"x", b"$2b$04$" + salt[7:29])  # raises for a salt that is none
        self.work += 1 << int(salt[4:6])
        return salt


@pytest.mark.parametrize("salt", [None, "x", "", *(f"$2b${cost:02}${'a' * 21}e" for cost in COSTS)])
def test_every_answer_takes_the_work_of_cost_twelve(salt: str | None) -> None:
    counted = Counted()
    recompute_now("secret", salt, counted)
    assert counted.work == 1 << 12


def test_a_dearer_hash_takes_its_own_time() -> None:
    counted = Counted()
    recompute_now("secret", f"$2b$13${'a' * 21}e", counted)
    assert counted.work == 1 << 13


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize("password", ["secret", "pässwörd", "a" * 72, "with\0nul"])
def test_the_right_password_gives_the_hash_again(prefix: str, password: str) -> None:
    kept = prefix + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()[4:]
    assert recompute_now(password, kept[:29]) == kept
    assert recompute_now(password + "x" if len(password) < 72 else "b" * 72, kept[:29]) != kept


async def test_a_new_hash_is_of_cost_twelve() -> None:
    made = await password_hash("a good long secret")
    assert made.startswith("$2b$12$")
    assert await recompute("a good long secret", made[:29]) == made


def test_bcrypt_reads_72_bytes() -> None:
    assert fits_bcrypt("ä" * 36)
    assert not fits_bcrypt("ä" * 36 + "a")
